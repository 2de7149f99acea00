/** SQL of exports that both caches use; DuckDB runs it. */

/** A DOUBLE or FLOAT column as JSON: what JSON has no number for is a text, as in a query's answer. */
export function jsonNumber(column: string): string {
  const infinity = `CASE WHEN ${column} > 0 THEN 'Infinity' ELSE '-Infinity' END`;
  return `CASE WHEN isnan(${column}) THEN to_json('NaN') WHEN isinf(${column}) THEN to_json(${infinity}) ELSE to_json(${column}) END`;
}
