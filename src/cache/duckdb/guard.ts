/** Allows one SELECT over tables of the cache, as DuckDB's own parser reads it, and nothing else. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { InputError, nearFacts } from '../../errors.ts';
import { isObject, type JsonValue, nearest } from '../../protocol/index.ts';
import { sqlPath } from '../sql-name.ts';
import { checkText } from '../sql-text.ts';
import { functionFacts, WORST } from './function-facts.ts';
import { checkGrowth } from './growth.ts';
import type { GrowthFacts } from './growth-tables.ts';
import { checkParsedSize } from './growth-text.ts';
import { type TableName, walkTree } from './guard-tree.ts';
import { refusedStatement, syntaxError } from './query-errors.ts';
import { countStatements, statementKind } from './statement-kind.ts';

/** A query that may run. */
export interface Guarded {
  readonly sql: string;
  /** `dataset.table` of each table and view, quoted for SQL, in alphabetical order. */
  readonly tables: readonly string[];
  /** Names of the growing functions that it calls. */
  readonly growing: ReadonlySet<string>;
}

const CATALOG_VIEWS = new Set(['tables', 'columns', 'schemata']);

/**
 * Judges `sql` without running any of it.
 * @throws InputError that names the problem and what to write instead
 */
export async function guardQuery(connection: DuckDBConnection, sql: string): Promise<Guarded> {
  checkText(sql);
  const { notMaterialized } = checkParsedSize(sql);
  const statements = await parse(connection, sql);
  if (statements.length !== 1) throw refusedCount(statements.length);
  const { tables, growing } = walkTree(statements);
  const known = await knownTables(connection, tables);
  await checkSize(connection, statements, { widths: known.widths, growing, notMaterialized });
  return { sql, tables: known.names, growing };
}

/** Queries DuckDB about its functions only where the most expensive one would exceed a limit. */
async function checkSize(
  connection: DuckDBConnection,
  statements: JsonValue[],
  facts: Omit<GrowthFacts, 'functions'>,
): Promise<void> {
  try {
    checkGrowth(statements, { ...facts, functions: WORST });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    checkGrowth(statements, { ...facts, functions: await functionFacts(connection) });
  }
}

async function parse(connection: DuckDBConnection, sql: string): Promise<JsonValue[]> {
  const options = 'skip_null := true, skip_empty := true, skip_default := true';
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql($1::VARCHAR, ${options})`, [sql]);
  const answer: unknown = JSON.parse(String(reader.getRows()[0]?.[0] ?? 'null'));
  if (!isObject(answer)) throw new TypeError('DuckDB returned no parse tree.');
  if (answer.error !== true) return Array.isArray(answer.statements) ? answer.statements : [];
  if (answer.error_type === 'parser') throw syntaxError(sql, answer);
  throw await notSelect(sql);
}

function refusedCount(count: number): InputError {
  return count === 0
    ? new InputError('sql_empty', 'The SQL is empty.', 'Write one SELECT; describe_data lists the tables.')
    : new InputError(
        'sql_many_statements',
        `The SQL holds ${count} statements; exactly one is run.`,
        'Send one SELECT per call; combine the others with WITH or UNION ALL.',
      );
}

/** The statement does not read. It is never prepared here: binding an EXPORT creates its folder, binding a COPY looks for its files. */
async function notSelect(sql: string): Promise<InputError> {
  return refusedStatement(statementKind(sql), await countStatements(sql));
}

interface KnownTable {
  readonly name: string;
  /** Quoted for SQL. */
  readonly inSql: string;
}

interface Known {
  readonly names: string[];
  /** Columns of each table, by its lower-case name without its dataset. */
  readonly widths: ReadonlyMap<string, number>;
}

async function knownTables(connection: DuckDBConnection, names: readonly TableName[]): Promise<Known> {
  if (names.length === 0) return { names: [], widths: new Map() };
  const reader = await connection.runAndReadAll(
    `SELECT schema_name, table_name, column_count FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal
     UNION ALL
     SELECT schema_name, view_name, column_count FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
     UNION ALL SELECT current_database(), NULL, NULL`,
  );
  const rows = reader
    .getRows()
    .map(
      ([schema, table, columns]) => [String(schema), table === null ? null : String(table), Number(columns)] as const,
    );
  const database = rows.find(([, table]) => table === null)?.[0] ?? '';
  const known = new Map<string, KnownTable>();
  for (const [schema, table] of rows) {
    if (table === null) continue;
    const name = `${schema}.${table}`;
    known.set(name.toLowerCase(), { name, inSql: sqlPath(schema, table, 'duckdb') });
  }
  const found = new Set<string>();
  for (const name of names) found.add(resolve(name, database, known));
  const widths = new Map<string, number>();
  for (const [schema, table, columns] of rows) {
    const name = table?.toLowerCase() ?? '';
    if (found.has(`${schema}.${table}`)) widths.set(name, Math.max(columns, widths.get(name) ?? 0));
  }
  return { names: [...found].sort().map((name) => known.get(name.toLowerCase())?.inSql ?? name), widths };
}

function resolve(name: TableName, database: string, known: ReadonlyMap<string, KnownTable>): string {
  const schema = (name.schema || 'main').toLowerCase();
  const table = name.table.toLowerCase();
  if (schema.startsWith('_sluice') || table.startsWith('_sluice')) {
    throw new InputError(
      'sql_refused',
      "Tables whose names begin with _sluice are the engine's own and hold unfinished work.",
      'Use describe_data for tables and freshness, get_sync for the state of syncs.',
    );
  }
  if (schema === 'information_schema' && CATALOG_VIEWS.has(table)) return `${schema}.${table}`;
  const own = name.catalog === '' || name.catalog.toLowerCase() === database.toLowerCase();
  const found =
    (own ? known.get(`${schema}.${table}`) : undefined) ??
    // `cache.t` may also mean table `t` of schema `main` in the database `cache`.
    (name.catalog === '' && schema === database.toLowerCase() ? known.get(`main.${table}`) : undefined);
  if (found !== undefined) return found.name;
  const written = [name.catalog, name.schema, name.table].filter((part) => part !== '').join('.');
  throw unknownTable(written, table, known);
}

function unknownTable(written: string, table: string, known: ReadonlyMap<string, KnownTable>): InputError {
  const all = [...known.values()].filter(({ name }) => !name.includes('_sluice'));
  const same = all.filter(({ name }) => name.toLowerCase().endsWith(`.${table}`)).map(({ inSql }) => inSql);
  const other = all.map(({ inSql }) => inSql);
  const near = same.length > 0 ? same.slice(0, 3) : nearest(written, other, 3);
  const hint = near.length > 0 ? `Did you mean ${near.join(', ')}? Write dataset.table, with its quotes; ` : '';
  return new InputError(
    'unknown_table',
    `There is no table ${JSON.stringify(written.slice(0, 200))} in the cache.`,
    `${hint}describe_data lists all tables.`,
    nearFacts(near),
  );
}
