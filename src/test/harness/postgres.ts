/** A Postgres of the tests' own: a cluster in a temporary folder, on a free port of the loopback, gone with the process that made it. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

export interface TestPostgres {
  readonly port: number;
  /** Settings of `postgresql.conf` take effect by the next restart. */
  readonly folder: string;
  /** A fresh database that the plain role owns. */
  makeDatabase(): Promise<string>;
  /** The URL of a database for the plain role, or another. */
  url(database: string, role?: 'plain' | 'owner'): string;
  /** Runs SQL as the superuser. */
  run(database: string, sql: string): Promise<Record<string, string>[]>;
  /** Turns TLS on, with a certificate for `localhost` that signs itself. @returns its path */
  turnOnTls(): Promise<string>;
  /** From now on only connections with TLS are let in. */
  refusePlain(): Promise<void>;
  /** Ends the server at once and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const PLAIN_PASSWORD = 'a plain/p@ssword: 77%';
const OWNER_PASSWORD = 'the-owners-own-password';
const run = promisify(execFile);

/** Debian's and Homebrew's places, the newest version first; undefined where there is none. */
export function postgresBinaries(): string | undefined {
  const parents = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];
  const folders = parents.flatMap((parent) =>
    (existsSync(parent) ? readdirSync(parent) : [])
      .filter((name) => parent.endsWith('postgresql') || name.startsWith('postgresql@'))
      .sort((a, b) => Number(b.replace(/\D/g, '')) - Number(a.replace(/\D/g, '')))
      .map((name) => join(parent, name, 'bin')),
  );
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')));
}

export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const binaries = postgresBinaries();
  if (!binaries) throw new Error('no Postgres on this machine');
  const identity = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${OWNER_PASSWORD}\n`);
  if (identity) for (const path of [folder, passwordFile]) chownSync(path, identity.uid, identity.gid);
  const environment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
  const call = (program: string, args: readonly string[]): Promise<unknown> =>
    run(join(binaries, program), [...args], { ...identity, cwd: folder, env: environment });
  // It outlives this process by a moment, however that ends, and takes the cluster with it.
  const guard = spawn(
    'sh',
    ['-c', 'cat >/dev/null; "$1/pg_ctl" stop -s -m immediate -D "$2/data"; rm -rf "$2"', 'guard', binaries, folder],
    { ...identity, cwd: '/', env: environment, detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const port = await freePort();
  await call('initdb', [
    ...['-D', data, '-U', 'owner', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
  ]);
  const lines = [`port = ${port}`, "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", 'fsync = off'];
  await writeFile(join(data, 'postgresql.auto.conf'), [...lines, ...settings, ''].join('\n'));
  const log = join(folder, 'log');
  await call('pg_ctl', ['start', '-s', '-w', '-D', data, '-l', log]);
  let made = 0;
  const url = (database: string, role: 'plain' | 'owner' = 'plain'): string => {
    const password = encodeURIComponent(role === 'plain' ? PLAIN_PASSWORD : OWNER_PASSWORD);
    return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  };
  const runSql = async (database: string, sql: string): Promise<Record<string, string>[]> => {
    const client = new pg.Client({ connectionString: url(database, 'owner') });
    await client.connect();
    try {
      const result = await client.query<Record<string, string>>(sql);
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  };
  await runSql('postgres', `CREATE ROLE plain LOGIN PASSWORD '${PLAIN_PASSWORD}'`);
  return {
    port,
    folder,
    async makeDatabase() {
      made += 1;
      const name = `cache_${made}`;
      await runSql('postgres', `CREATE DATABASE ${name} OWNER plain`);
      return name;
    },
    url,
    run: runSql,
    async turnOnTls() {
      const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
      const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
      const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate];
      await run('openssl', [...request, ...names], { ...identity, cwd: folder, env: environment });
      for (const setting of [`ssl_cert_file = '${certificate}'`, `ssl_key_file = '${key}'`, 'ssl = on']) {
        await runSql('postgres', `ALTER SYSTEM SET ${setting}`);
      }
      await call('pg_ctl', ['restart', '-s', '-w', '-m', 'fast', '-D', data, '-l', log]);
      return certificate;
    },
    async refusePlain() {
      await writeFile(join(data, 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n');
      await call('pg_ctl', ['reload', '-s', '-D', data]);
    },
    async restart() {
      await call('pg_ctl', ['restart', '-s', '-w', '-m', 'immediate', '-D', data, '-l', log]);
    },
    stop: () =>
      new Promise((resolve) => {
        guard.once('exit', () => resolve());
        guard.stdin.end();
      }),
  };
}

/** Postgres does not run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string): number => {
    for (const user of ['postgres', 'nobody']) {
      try {
        return Number(execFileSync('id', [option, user], { encoding: 'utf8' }));
      } catch {}
    }
    throw new Error('Postgres does not run as root, and there is no other user to run it as');
  };
  return { uid: id('-u'), gid: id('-g') };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
