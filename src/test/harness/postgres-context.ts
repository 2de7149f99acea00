/** A Postgres database as the tests of loading see a cache: its rows in the same JSON forms as DuckDB's. */
import pg from 'pg';
import type { Cache } from '../../cache/cache.ts';
import { loadConnection } from '../../cache/postgres/load-store.ts';
import { postgresCache } from '../../cache/postgres/postgres-cache.ts';
import type { SqlConnection } from '../../cache/sql.ts';
import { createRedactor } from '../../secrets/index.ts';
import type { TestPostgres } from './postgres.ts';

export interface PostgresContext {
  readonly cache: Cache;
  /** The URL that its cache uses. */
  readonly url: string;
  sql<T>(body: (connection: SqlConnection) => Promise<T>): Promise<T>;
  rows(sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

/** The DuckDB functions that the tests call, defined in Postgres. */
const WORDS = `CREATE SCHEMA words;
  CREATE FUNCTION words.typeof(value anyelement) RETURNS text LANGUAGE sql AS
    $$ SELECT CASE pg_typeof(value)::text WHEN 'numeric' THEN 'HUGEINT' WHEN 'bigint' THEN 'BIGINT' ELSE upper(pg_typeof(value)::text) END $$;
  CREATE FUNCTION words.epoch_ms(value timestamptz) RETURNS bigint LANGUAGE sql AS
    $$ SELECT floor(extract(epoch FROM value) * 1000)::bigint $$`;
const INT8 = 20;
const FLOAT8 = 701;
const BOOL = 16;
const JSONB = 3802;

export async function installPostgres(
  postgres: TestPostgres,
  stagingDirectory: () => Promise<string>,
): Promise<PostgresContext> {
  const name = await postgres.makeDatabase();
  const url = postgres.url(name);
  const use = async <T>(body: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => String } });
    await client.connect();
    try {
      return await body(client);
    } finally {
      await client.end();
    }
  };
  await use((client) => client.query(WORDS));
  const cache = postgresCache({
    redactor: createRedactor(),
    url: (withPostgres) => withPostgres(url),
    stagingDirectory,
  });
  return {
    cache,
    url,
    sql: (body) => use((client) => body(loadConnection(client))),
    rows: (sql) =>
      use(async (client) => {
        await client.query("SET search_path = public, words; SET TimeZone = 'UTC'");
        const { rows, fields } = await client.query<(string | null)[]>({ text: sql, rowMode: 'array' });
        return rows.map((row) => row.map((cell, at) => shown(cell, fields[at]?.dataTypeID)));
      }),
    close: () => cache.close(),
  };
}

function shown(cell: string | null, type: number | undefined): unknown {
  if (cell === null || type === INT8) return cell;
  if (type === FLOAT8) return Number.isFinite(Number(cell)) ? Number(cell) : cell;
  if (type === BOOL) return cell === 't';
  // Postgres writes a space behind each colon and comma.
  return type === JSONB || /^[[{]/.test(cell) ? compact(cell) : cell;
}

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}
