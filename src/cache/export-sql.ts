/** SQL for the exports of both caches; DuckDB runs it. */

/** A DOUBLE or FLOAT column as JSON: NaN and infinities become texts, as in the answer of a query. */
export function jsonNumber(column: string): string {
  const infinity = `CASE WHEN ${column} > 0 THEN 'Infinity' ELSE '-Infinity' END`;
  return `CASE WHEN isnan(${column}) THEN to_json('NaN') WHEN isinf(${column}) THEN to_json(${infinity}) ELSE to_json(${column}) END`;
}
