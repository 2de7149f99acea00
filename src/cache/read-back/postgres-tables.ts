/** Tables of the Postgres that a destination writes to; each read has its own connection and read-only transaction. */
import type { JsonObject } from '../../protocol/index.ts';
import { quoteName } from '../load/names.ts';
import { connectTo } from '../postgres/client.ts';
import { parseUrl } from '../postgres/url.ts';
import { findName } from './find-name.ts';
import type { ReadBack } from './types.ts';

const LIMIT_MS = 60_000;

export function readPostgres(config: JsonObject): ReadBack {
  const url = urlOf(config);
  const schema = typeof config.schema === 'string' ? config.schema : 'public';
  return {
    from: 'postgres',
    async rows({ name, namespace }) {
      const client = await connectTo(await parseUrl(url()), 'sluice read back');
      try {
        await client.query('BEGIN TRANSACTION READ ONLY');
        await client.query(`SET LOCAL statement_timeout = ${LIMIT_MS}`);
        await client.query("SET LOCAL TimeZone = 'UTC'");
        const { rows: tables } = await client.query<{ table_name: string }>(
          'SELECT table_name FROM information_schema.tables WHERE table_schema = $1',
          [namespace ?? schema],
        );
        const found = findName(
          name,
          tables.map(({ table_name: table }) => table),
        );
        if (found === undefined) return undefined;
        const from = `${quoteName(namespace ?? schema)}.${quoteName(found)}`;
        const { rows } = await client.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${from} t`);
        return rows.map(({ row }) => row);
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

/** Held in a closure, so that printing the reader does not print the password. */
function urlOf(config: JsonObject): () => string {
  const field = (name: string): string => {
    const value = config[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const { ssl_mode: ssl } = config;
  const asked = typeof ssl === 'object' && ssl !== null && 'mode' in ssl ? String(ssl.mode) : undefined;
  const mode = asked ?? (config.ssl === true ? 'require' : 'disable');
  return () => {
    const part = (name: string): string => encodeURIComponent(field(name));
    const user = part('username') || part('user');
    const address = `${user}:${part('password')}@localhost:${field('port') || '5432'}/${part('database')}`;
    return `postgres://${address}?host=${part('host')}&sslmode=${encodeURIComponent(mode)}`;
  };
}
