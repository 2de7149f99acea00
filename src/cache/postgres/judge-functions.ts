/** Which functions a query may call, by their facts in the server's catalog. */

/** Volatile but harmless. */
const HARMLESS = new Set([
  'random',
  'random_normal',
  'clock_timestamp',
  'timeofday',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'bernoulli',
  'system',
]);
/** The allowed pg_ functions; most others reveal sessions, files and settings. */
const PLAIN = new Set([
  'pg_typeof',
  'pg_column_size',
  'pg_column_compression',
  'pg_size_pretty',
  'pg_size_bytes',
  'pg_input_is_valid',
  'pg_collation_for',
  'pg_timezone_names',
  'pg_timezone_abbrevs',
]);
/** Marked stable, but they run SQL from a text, or reveal settings, sessions and the network. */
const TELLING =
  /^(pg_|lo_|txid_|ts_(stat|rewrite)$|inet_(server|client)|current_(setting|query)|.*_to_xml|.*_to_xmlschema|.*_to_xml_and_xmlschema|binary_upgrade)/;

/**
 * A function of an extension may run SQL from a text (`crosstab`, `xpath_table`) unless it is immutable; a function that is not part
 * of the cache may read everything that its owner may.
 * @param fact `i`, `s` or `v`, as the catalog has it (a volatile function may write, and functions are volatile by default), with
 *   ` extension` where it belongs to one
 */
export function isAllowed(schema: string, name: string, fact: string, datasets: ReadonlySet<string>): boolean {
  const [volatility, extension] = fact.split(' ');
  if (extension !== undefined) return volatility === 'i';
  if (schema !== 'pg_catalog') return volatility !== 'v' && datasets.has(schema);
  if (volatility === 'v') return HARMLESS.has(name);
  return PLAIN.has(name) || !TELLING.test(name);
}
