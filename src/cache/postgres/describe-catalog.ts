/** Reads the visible tables and columns from the catalog of Postgres: those that this role may read. */

import type { Redactor } from '../../secrets/index.ts';
import type { KnownStream } from '../bookkeeping/index.ts';
import { columnFacts } from '../column-facts.ts';
import { quoteName } from '../load/names.ts';
import type { ColumnSummary } from '../types.ts';
import type { Client } from './client.ts';
import { sqlState } from './errors.ts';

export interface FoundTable {
  readonly dataset: string;
  readonly table: string;
  readonly view: boolean;
  /** For use in SQL. */
  readonly quoted: string;
  readonly primaryKey: readonly string[];
  readonly bytes: number;
  /** The server's estimate; negative where it has never analyzed the table. */
  readonly estimate: number;
}

/** Tables and views, except the engine's own and the system's, by dataset and name. */
export async function catalogTables(client: Client): Promise<FoundTable[]> {
  const { rows } = await client.query<Record<'dataset' | 'name' | 'kind' | 'bytes' | 'estimate' | 'keys', string>>(
    `SELECT n.nspname AS dataset, c.relname AS name, c.relkind::text AS kind, c.reltuples::bigint AS estimate,
      CASE WHEN c.relkind IN ('r', 'p', 'm') THEN pg_total_relation_size(c.oid) ELSE 0 END AS bytes,
      coalesce((SELECT json_agg(a.attname ORDER BY k.at) FROM pg_index AS i, unnest(i.indkey) WITH ORDINALITY AS k(number, at),
        pg_attribute AS a WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.number), '[]') AS keys
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|_sluice)' AND n.nspname <> 'information_schema'
      AND c.relname !~ '^_sluice' AND NOT c.relispartition AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  );
  return rows.map(({ dataset, name, kind, bytes, estimate, keys }) => ({
    dataset,
    table: name,
    view: kind === 'v' || kind === 'f',
    quoted: `${quoteName(dataset)}.${quoteName(name)}`,
    primaryKey: JSON.parse(keys) as string[],
    bytes: Number(bytes),
    estimate: Number(estimate),
  }));
}

/** Columns in their order, with their facts from the stream's schema. */
export async function readColumns(
  client: Client,
  found: FoundTable,
  stream: KnownStream | undefined,
  redactor: Redactor,
): Promise<ColumnSummary[]> {
  const { rows } = await client.query<{ name: string; type: string; comment: string | null }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, col_description(attrelid, attnum) AS comment
    FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [found.quoted],
  );
  return rows.map(({ name, type, comment }) => {
    return { name, type, ...columnFacts(name, stream, comment, redactor) };
  });
}

/**
 * The number of rows of a table, counted within `ms`; otherwise the server's estimate.
 * @returns no rows where neither is known
 */
export async function countRows(
  client: Client,
  { quoted, estimate }: FoundTable,
  ms: number,
): Promise<{ rows?: number; rowsEstimated?: true }> {
  const guess = estimate >= 0 ? { rows: estimate, rowsEstimated: true as const } : {};
  if (ms < 1) return guess;
  await client.query(`SAVEPOINT sluice_count; SET LOCAL statement_timeout = ${Math.ceil(ms)}`);
  try {
    const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${quoted}`);
    await client.query('RELEASE SAVEPOINT sluice_count; SET LOCAL statement_timeout = 0');
    return { rows: Number(rows[0]?.n ?? 0) };
  } catch (error) {
    if (sqlState(error) !== '57014') throw error;
    await client.query('ROLLBACK TO SAVEPOINT sluice_count');
    return guess;
  }
}

export function databaseBytes(client: Client): Promise<number> {
  return client
    .query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
    .then(({ rows }) => Number(rows[0]?.bytes ?? 0));
}
