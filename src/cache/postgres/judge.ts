/** Lets one SELECT over tables of the cache through, judged by the parse tree that Postgres itself makes of it. */
import { InputError } from '../../errors.ts';
import { nearest } from '../../protocol/index.ts';
import { checkText } from '../sql-text.ts';
import type { Client } from './client.ts';
import { isAllowed } from './judge-functions.ts';
import { cannotJudge, notSelect } from './query-errors.ts';

export interface Judged {
  /** `dataset.table` of each table and view, in alphabetical order. */
  readonly tables: readonly string[];
}

const CATALOG_VIEWS = new Set(['tables', 'columns', 'schemata']);
const BEFORE = 'CREATE FUNCTION pg_temp.sluice_judge() RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC ';

/** The numbers that the tree has for what a query calls and reads; names and literals in it cannot look like these. */
const FOUND = `WITH tree AS (SELECT prosqlbody::text AS text FROM pg_proc WHERE oid = 'pg_temp.sluice_judge'::regproc),
  called AS (
    SELECT DISTINCT m[1]::oid AS oid FROM tree, regexp_matches(text, ':(?:funcid|aggfnoid|winfnoid|tsmhandler) ([0-9]+)', 'g') AS m
    UNION SELECT DISTINCT oprcode::oid FROM tree, regexp_matches(text, ':opno ([0-9]+)', 'g') AS m, pg_operator AS o WHERE o.oid = m[1]::oid),
  read AS (SELECT DISTINCT m[1]::oid AS oid FROM tree, regexp_matches(text, ':relid ([0-9]+)', 'g') AS m)
  SELECT 'function' AS kind, n.nspname AS schema, p.proname AS name, p.provolatile::text AS fact
    FROM called JOIN pg_proc AS p USING (oid) JOIN pg_namespace AS n ON n.oid = p.pronamespace
  UNION ALL SELECT 'table', n.nspname, c.relname, c.relkind::text
    FROM read JOIN pg_class AS c USING (oid) JOIN pg_namespace AS n ON n.oid = c.relnamespace
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
 * Judges `sql` without running any of it: as the body of a temporary function that nobody calls, rolled back at once.
 * @throws InputError that says what is wrong and what to write instead
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
    return read(rows, sql);
  } finally {
    await client.query('ROLLBACK');
  }
}

function read(rows: readonly Row[], sql: string): Judged {
  const facts = rows.find(({ kind }) => kind === 'tree')?.fact ?? 'empty';
  if (facts.includes('empty')) {
    throw new InputError('sql_empty', 'The SQL is empty.', 'Write one SELECT; describe_data lists the tables.');
  }
  if (facts !== '') throw notSelect(sql);
  for (const { kind, schema, name, fact } of rows) {
    if (kind !== 'function' || isAllowed(schema, name, fact)) continue;
    const shown = schema === 'pg_catalog' ? name : `${schema}.${name}`;
    throw new InputError(
      'sql_function',
      `${shown}(…) is not allowed here: it may write, wait, or reach settings, files or other sessions.`,
      'Leave it out; a query reads tables of the cache and computes.',
    );
  }
  const tables = rows.filter(({ kind }) => kind === 'table');
  for (const { schema, name } of tables) checkTable(schema, name);
  return { tables: tables.map(({ schema, name }) => `${schema}.${name}`).sort() };
}

function checkTable(schema: string, name: string): void {
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
      `${schema}.${name} is the server's own and tells of other sessions and roles.`,
      'Use describe_data, or information_schema.tables, columns and schemata.',
    );
  }
}

/** The tables that there are, for the one that was not found. */
async function tablesLike(client: Client): Promise<(wanted: string) => string[]> {
  await client.query('ROLLBACK; BEGIN READ ONLY');
  const { rows } = await client.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema$|_sluice)'
      AND c.relname !~ '^_sluice' AND has_schema_privilege(n.oid, 'USAGE') ORDER BY 1 LIMIT 10000`,
  );
  const all = rows.map(({ name }) => name);
  return (wanted) => {
    const bare = wanted.slice(wanted.lastIndexOf('.') + 1).toLowerCase();
    const same = all.filter((name) => name.toLowerCase().endsWith(`.${bare}`));
    return same.length > 0 ? same.slice(0, 3) : nearest(wanted, all, 3);
  };
}
