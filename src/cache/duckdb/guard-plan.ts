/** Checks the plan too, because views and macros of the catalog are not expanded in the parse tree. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { InputError } from '../../errors.ts';
import { isObject, type JsonValue } from '../../protocol/index.ts';
import { TABLE_FUNCTIONS } from './guard-functions.ts';

/** What a plan may scan in addition to tables; SHOW and information_schema use the duckdb_ ones. */
const SCANS = new Set(
  [
    ...TABLE_FUNCTIONS,
    'seq_scan',
    'summary',
    'duckdb_tables',
    'duckdb_views',
    'duckdb_columns',
    'duckdb_schemas',
    'duckdb_databases',
  ].map((name) => name.toUpperCase()),
);

/**
 * Judges the plan of a guarded query.
 * @throws InputError if it reads from anything but tables; DuckDB's own error where it does not plan
 */
export async function guardPlan(connection: DuckDBConnection, sql: string): Promise<void> {
  const [plan, functions] = [
    await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${sql}`),
    await connection.runAndReadAll(
      "SELECT DISTINCT upper(function_name) FROM duckdb_functions() WHERE function_type = 'table'",
    ),
  ];
  const known = new Set(functions.getRows().map((row) => String(row[0])));
  const stack: JsonValue[] = plan.getRows().map((row): JsonValue => JSON.parse(String(row[1])));
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (Array.isArray(value)) stack.push(...value);
    if (!isObject(value)) continue;
    const own = isObject(value.extra_info) ? value.extra_info.Function : undefined;
    for (const name of [own, value.name]) {
      if (typeof name !== 'string') continue;
      const scan = name.trim().toUpperCase();
      if (!SCANS.has(scan) && (name === own || known.has(scan))) throw refusedScan(scan);
    }
    stack.push(value.children ?? null);
  }
}

function refusedScan(scan: string): InputError {
  return new InputError(
    'sql_table_function',
    `A view or macro in this query reads from ${scan.toLowerCase()}(…), which is not allowed here.`,
    'Read from tables of the cache instead; describe_data lists them.',
  );
}
