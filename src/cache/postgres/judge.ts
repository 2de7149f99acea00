/** Allows one SELECT over tables of the cache, judged by the parse tree that Postgres itself makes of it. */
import { InputError, SetupError } from '../../errors.ts';
import { nearest } from '../../protocol/index.ts';
import { sqlName, sqlPath, withoutQuotes } from '../sql-name.ts';
import { checkText } from '../sql-text.ts';
import type { Client } from './client.ts';
import { sqlState } from './errors.ts';
import { isAllowed } from './judge-functions.ts';
import { cannotJudge, notSelect } from './query-errors.ts';

export interface Judged {
  /** `dataset.table` of each table and view, in alphabetical order. */
  readonly tables: readonly string[];
}

const CATALOG_VIEWS = new Set(['tables', 'columns', 'schemata']);
const BEFORE = 'CREATE FUNCTION pg_temp.sluice_judge() RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC ';

/** Matches the object ids in the tree of what a query calls and reads; names and literals in it cannot match. */
const FOUND = `WITH tree AS (SELECT prosqlbody::text AS text FROM pg_proc WHERE oid = 'pg_temp.sluice_judge'::regproc),
  called AS (
    SELECT DISTINCT m[1]::oid AS oid FROM tree, regexp_matches(text, ':(?:funcid|aggfnoid|winfnoid|tsmhandler) ([0-9]+)', 'g') AS m
    UNION SELECT DISTINCT oprcode::oid FROM tree, regexp_matches(text, ':opno ([0-9]+)', 'g') AS m, pg_operator AS o WHERE o.oid = m[1]::oid),
  read AS (SELECT DISTINCT m[1]::oid AS oid FROM tree, regexp_matches(text, ':relid ([0-9]+)', 'g') AS m)
  SELECT 'function' AS kind, n.nspname AS schema, p.proname AS name, p.provolatile::text
    || CASE WHEN EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') THEN ' extension' ELSE '' END AS fact
    FROM called JOIN pg_proc AS p USING (oid) JOIN pg_namespace AS n ON n.oid = p.pronamespace
  UNION ALL SELECT 'table', n.nspname, c.relname, c.relkind::text
    FROM read JOIN pg_class AS c USING (oid) JOIN pg_namespace AS n ON n.oid = c.relnamespace
  UNION ALL SELECT DISTINCT 'domain', n.nspname, t.typname, t.typtype::text
    FROM tree, regexp_matches(text, ':resulttype ([0-9]+)', 'g') AS m, pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE t.oid = m[1]::oid AND t.typtype = 'd'
  UNION ALL SELECT 'tree', '', '', concat_ws(' ', CASE WHEN text ~ ':(hasModifyingCTE|hasForUpdate) true' THEN 'writes' END,
    CASE WHEN text ~ ':commandType [^1]' THEN 'other' END, CASE WHEN text !~ '[{]QUERY' THEN 'empty' END) FROM tree
  ORDER BY 1, 2, 3`;

interface Row {
  readonly kind: string;
  readonly schema: string;
  readonly name: string;
  readonly fact: string;
}

/**
 * Judges `sql` without running it: as the body of a temporary function that is never called and rolled back at once.
 * @throws InputError that names the problem and what to write instead
 */
export async function judge(client: Client, sql: string): Promise<Judged> {
  checkText(sql);
  await client.query('BEGIN READ WRITE');
  try {
    await client.query('SET LOCAL check_function_bodies = off');
    const text = `${BEFORE}${sql}\n; END`;
    try {
      await client.query({ text, queryMode: 'extended' } as { text: string });
    } catch (error) {
      throw await cannotJudge(error, sql, BEFORE.length, () => tablesLike(client));
    }
    const { rows } = await client.query<Row>(FOUND);
    return read(rows, sql, await datasetsIn(client));
  } finally {
    await client.query('ROLLBACK');
  }
}

function read(rows: readonly Row[], sql: string, datasets: ReadonlySet<string>): Judged {
  const facts = rows.find(({ kind }) => kind === 'tree')?.fact ?? 'empty';
  if (facts.includes('empty')) {
    throw new InputError('sql_empty', 'The SQL is empty.', 'Write one SELECT; describe_data lists the tables.');
  }
  if (facts !== '') throw notSelect(sql);
  for (const { kind, schema, name, fact } of rows) {
    if (kind === 'domain' && !isPart(schema, datasets)) throw notInCache(`the type ${schema}.${name}`, datasets);
    if (kind !== 'function' || isAllowed(schema, name, fact, datasets)) continue;
    const shown = schema === 'pg_catalog' ? name : `${schema}.${name}`;
    throw new InputError(
      'sql_function',
      `${shown}(…) is not allowed here: it may write, wait, or reach settings, files or other sessions.`,
      'Remove it; a query reads tables of the cache and computes.',
    );
  }
  const tables = rows.filter(({ kind }) => kind === 'table');
  for (const { schema, name } of tables) checkTable(schema, name, datasets);
  return { tables: tables.map(({ schema, name }) => sqlPath(schema, name, 'postgres')).sort() };
}

function checkTable(schema: string, name: string, datasets: ReadonlySet<string>): void {
  if (schema.startsWith('_sluice') || name.startsWith('_sluice')) {
    throw new InputError(
      'sql_refused',
      "Tables whose names begin with _sluice are the engine's own and hold unfinished work.",
      'Use describe_data for tables and freshness, get_sync for the state of syncs.',
    );
  }
  if (schema === 'information_schema' && CATALOG_VIEWS.has(name)) return;
  if (schema === 'information_schema' || schema.startsWith('pg_')) {
    throw new InputError(
      'sql_refused',
      `${schema}.${name} is a system relation that exposes other sessions and roles.`,
      'Use describe_data, or information_schema.tables, columns and schemata.',
    );
  }
  if (!datasets.has(schema)) throw notInCache(`${schema}.${name}`, datasets);
}

/** A domain runs the checks that its creator wrote. */
function isPart(schema: string, datasets: ReadonlySet<string>): boolean {
  return datasets.has(schema) || schema === 'pg_catalog' || schema === 'information_schema';
}

/** The role may read more of the server than synced tables. */
function notInCache(what: string, datasets: ReadonlySet<string>): InputError {
  const [first] = datasets;
  return new InputError(
    'sql_refused',
    `${what} does not belong to the cache: a query reads the datasets that syncs made, whatever else the role may read.`,
    first === undefined
      ? 'Sync a source first; describe_data lists the datasets.'
      : `Use the tables of ${[...datasets]
          .slice(0, 5)
          .map((name) => sqlName(name, 'postgres'))
          .join(', ')}; describe_data lists them. A person can put a view of other tables into a dataset.`,
  );
}

/** The schemas that syncs have used. @throws SetupError `cache_role` if the role may not look */
async function datasetsIn(client: Client): Promise<ReadonlySet<string>> {
  const { rows: found } = await client.query<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = '_sluice' AND c.relname IN ('streams', 'datasets') AND c.relkind = 'r'`,
  );
  if (found.length === 0) return new Set();
  const sql = found.map(({ name }) => `SELECT dataset::text FROM _sluice.${name}`).join(' UNION ');
  try {
    const { rows } = await client.query<{ dataset: string }>(`${sql} ORDER BY 1`);
    return new Set(rows.map(({ dataset }) => dataset));
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw new SetupError(
      'cache_role',
      'query is refused: the role of SLUICE_CACHE_URL may not read which datasets there are.',
      "Let a person run this in the cache's database as the owner of the cache: GRANT USAGE ON SCHEMA _sluice TO the_role; GRANT SELECT ON ALL TABLES IN SCHEMA _sluice TO the_role;",
    );
  }
}

/** Suggests existing tables for one that was not found. */
async function tablesLike(client: Client): Promise<(name: string) => string[]> {
  await client.query('ROLLBACK; BEGIN READ ONLY');
  const datasets = [...(await datasetsIn(client))];
  const { rows } = await client.query<{ dataset: string; name: string }>(
    `SELECT n.nspname AS dataset, c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = ANY ($1)
      AND c.relname !~ '^_sluice' AND has_schema_privilege(n.oid, 'USAGE') ORDER BY 1, 2 LIMIT 10000`,
    [datasets],
  );
  const all = rows.map(({ dataset, name }) => sqlPath(dataset, name, 'postgres'));
  return (name) => {
    const bare = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
    const same = all.filter((name) => withoutQuotes(name).toLowerCase().endsWith(`.${bare}`));
    return same.length > 0 ? same.slice(0, 3) : nearest(name, all, 3);
  };
}
