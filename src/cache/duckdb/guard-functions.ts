/** Which functions a query may call. */

/** The only functions allowed as a table: they read nothing but their arguments. */
export const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'range',
  'generate_series',
  'unnest',
  'json_each',
  'json_tree',
]);

/** Scalar functions that write, wait, reach settings or other sessions, or plan SQL from a string; with what to use instead. */
export const DENIED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['nextval', 'Use row_number() OVER ().'],
  ['currval', 'Use max() of the column.'],
  ['setseed', 'Use USING SAMPLE … REPEATABLE (seed).'],
  ['write_log', 'Remove the call from the query.'],
  ['sleep_ms', 'Remove the call from the query.'],
  ['pg_sleep', 'Remove the call from the query.'],
  ['getvariable', 'Write the value itself.'],
  ['getenv', 'Write the value itself.'],
  ['current_setting', 'Remove the call: the time zone is UTC.'],
  ['json_group_structure', 'Use json_structure(json_group_array(x)) -> 0.'],
  ['json_serialize_sql', 'Remove the call from the query.'],
  ['json_deserialize_sql', 'Remove the call from the query.'],
  ['make_type', 'Write the type itself, as in x::INTEGER.'],
  ['get_type', 'Use typeof().'],
  ['map_to_pg_oid', 'Remove the call from the query.'],
  ['format_pg_type', 'Use typeof().'],
  ['format_type', 'Use typeof().'],
  ['pg_get_constraintdef', 'Remove the call from the query.'],
  ['json_serialize_plan', 'Call query with dry_run: true for a plan.'],
  ['json_execute_serialized_sql', 'Write the SQL itself.'],
  // They fold a list with any operation, doubling included, which neither limits nor interruption can stop.
  ['list_reduce', 'Use list_sum, list_aggregate, or a recursive CTE.'],
  ['array_reduce', 'Use list_sum, list_aggregate, or a recursive CTE.'],
  ['reduce', 'Use list_sum, list_aggregate, or a recursive CTE.'],
]);

/** Bytes of a replacement text up to which the size of the result is not checked. */
export const SHORT_TEXT = 100;

/**
 * Functions that produce much from little. In a query each is shadowed by a macro that checks the size first, because neither
 * DuckDB's memory limit nor an interruption takes effect inside one call.
 */
export const GROWING_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['repeat', growing('repeat', ['(s, n)', 'strlen(s::VARCHAR)::HUGEINT * n', 'n', 'n'])],
  ['lpad', growing('lpad', ['(s, n, p)', 'n', 'n', 'n'])],
  ['rpad', growing('rpad', ['(s, n, p)', 'n', 'n', 'n'])],
  ['list_resize', growing('list_resize', ['(l, n)', 'n', 'n', 'n'], ['(l, n, v)', 'n', 'n', 'n'])],
  ['array_resize', growing('array_resize', ['(l, n)', 'n', 'n', 'n'], ['(l, n, v)', 'n', 'n', 'n'])],
  ['replace', growing('replace', ['(s, f, t)', replaced('t'), 't', 't'])],
  [
    'regexp_replace',
    growing('regexp_replace', ['(s, f, t)', replaced('t'), 't', 't'], ['(s, f, t, o)', replaced('t'), 't', 't']),
  ],
  ['bin', growing('bin', ['(s)', 'strlen(s::VARCHAR)::HUGEINT * 8', 's', 's'])],
  ['to_binary', growing('to_binary', ['(s)', 'strlen(s::VARCHAR)::HUGEINT * 8', 's', 's'])],
  ['bitstring', growing('bitstring', ['(s, n)', 'n', 'n', 'n'])],
  // Memory or time grows with the product of both texts' lengths.
  ...['damerau_levenshtein', 'levenshtein', 'editdist3', 'jaro_similarity', 'jaro_winkler_similarity'].map(
    (name) => [name, growing(name, ...distances(name))] as const,
  ),
  // They recurse into JSON on the thread's stack, which deep JSON overflows.
  ['json_structure', growing('json_structure', ['(j)', brackets('j'), 'j', 'j'])],
  ['json_contains', growing('json_contains', ['(j, k)', `greatest(${brackets('j')}, ${brackets('k')})`, 'j', 'j'])],
  [
    'json_merge_patch',
    growing('json_merge_patch', ['(a, b)', `greatest(${brackets('a')}, ${brackets('b')})`, 'a', 'a']),
  ],
  ['range', growing('range', ...series())],
  ['generate_series', growing('generate_series', ...series())],
]);

/** Elements or characters that one call of a growing function may produce. */
export const GROWTH_CAP = 100_000;
/** The prefix of the macros' errors, which the query module turns into messages. */
export const GROWTH_ERROR = 'sluice: too large: ';

type Overload = readonly [parameters: string, size: string, checked: string, otherwise: string];

function growing(name: string, ...overloads: Overload[]): string {
  const bodies = overloads.map(([parameters, size, checked, otherwise]) => {
    // The check is inside the argument, so that it is evaluated first, even by constant folding.
    const guarded = `CASE WHEN ${size} > 100000 THEN error('sluice: too large: ${name}') ELSE ${otherwise} END`;
    const args = parameters
      .slice(1, -1)
      .split(', ')
      .map((parameter) => (parameter === checked ? guarded : parameter));
    return `${parameters} AS system.main.${name}(${args.join(', ')})`;
  });
  return `CREATE TEMP MACRO "${name}"${bodies.join(', ')}`;
}

function replaced(by: string): string {
  return `(CASE WHEN strlen(${by}) > ${SHORT_TEXT} THEN strlen(s)::HUGEINT * strlen(${by}) / ${SHORT_TEXT} ELSE 0 END)`;
}

/** A measure of depth, for at most 8,000 lists and objects in one value. */
function brackets(json: string): string {
  return `coalesce(strlen(${json}::VARCHAR) - strlen(translate(${json}::VARCHAR, '[{', '')), 0)::HUGEINT * 12`;
}

function distances(name: string): Overload[] {
  const size = 'strlen(a)::HUGEINT * strlen(b) // 100';
  const plain: Overload = ['(a, b)', size, 'a', 'a'];
  return name.startsWith('jaro') ? [plain, ['(a, b, c)', size, 'a', 'a']] : [plain];
}

function series(): Overload[] {
  const integer = (value: string): string => `try_cast(${value}::VARCHAR AS HUGEINT)`;
  const moment = (value: string): string => `epoch(try_cast(${value}::VARCHAR AS TIMESTAMP))`;
  const numbers = `abs(try((${integer('b')} - ${integer('a')}) // ${integer('s')}))`;
  const times = `abs((${moment('b')} - ${moment('a')}) / epoch(try_cast(s::VARCHAR AS INTERVAL)))`;
  return [
    ['(a)', 'a', 'a', 'a'],
    ['(a, b)', 'b::HUGEINT - a', 'b', 'b'],
    ['(a, b, s)', `coalesce(${numbers}, ${times}, 0)`, 'b', 'b'],
  ];
}
