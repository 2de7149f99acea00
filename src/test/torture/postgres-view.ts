/** The same view of a shared cache, through psql; each lane gets a database of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CacheView, LookAtCache, StoredState } from './cache-view.ts';

const run = promisify(execFile);
const ROWS_BYTES = 1024 ** 3;

/** @param url of the database; nobody may write to it meanwhile */
export function postgresCache(url: string): LookAtCache {
  return (look) => look(viewOf(url));
}

/** Creates an empty database on the server of the URL, whose role must be allowed to. @returns its URL, and what drops it */
export async function makeDatabase(url: string, name: string): Promise<{ url: string; drop(): Promise<void> }> {
  await ask(url, `CREATE DATABASE ${quote(name)}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    url: own.href,
    async drop() {
      await ask(url, `DROP DATABASE ${quote(name)} WITH (FORCE)`);
    },
  };
}

function viewOf(url: string): CacheView {
  const exists = async (schema: string, table: string): Promise<boolean> =>
    (await ask(url, `SELECT to_regclass(${literal(`${quote(schema)}.${quote(table)}`)}) IS NOT NULL`)).trim() === 't';
  const lines = async <T>(sql: string): Promise<T[]> =>
    (await ask(url, sql)).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
  return {
    async states(source) {
      if (!(await exists('_sluice', 'states'))) return [];
      return lines<StoredState>(
        `SELECT json_build_object('kind', kind, 'stream', stream, 'text', state)::text FROM _sluice.states WHERE source = ${literal(source)}`,
      );
    },
    async rows(dataset, table, columns) {
      if (!(await exists(dataset, table))) return undefined;
      const list = columns.map((column) => `${quote(column)}::text`).join(', ');
      return lines<(string | null)[]>(`SELECT json_build_array(${list})::text FROM ${quote(dataset)}.${quote(table)}`);
    },
  };
}

/** The rows of one statement of one column, a line each. The password goes by the environment: a command line can be read by all. */
async function ask(url: string, sql: string): Promise<string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const environment = {
    PATH: process.env.PATH,
    PGHOST: searchParams.get('host') ?? decodeURIComponent(hostname),
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
    PGOPTIONS: '-c client_min_messages=warning',
  };
  const args = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', '--command', sql];
  const { stdout } = await run('psql', args, { env: environment, maxBuffer: ROWS_BYTES });
  return stdout;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
