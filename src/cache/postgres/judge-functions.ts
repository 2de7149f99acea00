/** Which functions a query may call, by what the server's catalog says of them. */

/** Volatile, and harmless all the same. */
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
/** Of the server's many pg_ functions, most of which tell of sessions, files and settings. */
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
/** These run SQL from a text, or tell of settings, sessions and the network, though they count as stable. */
const TELLING =
  /^(pg_|lo_|txid_|ts_(stat|rewrite)$|inet_(server|client)|current_(setting|query)|.*_to_xml|.*_to_xmlschema|.*_to_xml_and_xmlschema|binary_upgrade)/;

/**
 * What an extension brings may run SQL from a text (`crosstab`, `xpath_table`) unless it is immutable; a function that is no part
 * of the cache may read whatever its owner may.
 * @param fact `i`, `s` or `v`, as the catalog has it (what is volatile may write, and is so unless its maker says otherwise), with
 *   ` extension` where it belongs to one
 */
export function isAllowed(schema: string, name: string, fact: string, datasets: ReadonlySet<string>): boolean {
  const [volatility, extension] = fact.split(' ');
  if (extension !== undefined) return volatility === 'i';
  if (schema !== 'pg_catalog') return volatility !== 'v' && datasets.has(schema);
  if (volatility === 'v') return HARMLESS.has(name);
  return PLAIN.has(name) || !TELLING.test(name);
}
