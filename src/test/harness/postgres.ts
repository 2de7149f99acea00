/** A Postgres for tests: a cluster in a temporary folder, on a free loopback port, removed when the process that started it ends. */
import { type ChildProcessByStdio, execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
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
  /** From now on only connections with TLS are accepted. */
  refusePlain(): Promise<void>;
  /** Ends the server at once and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const PLAIN_PASSWORD = 'a plain/p@ssword: 77%';
const OWNER_PASSWORD = 'the-owners-own-password';
const run = promisify(execFile);

/** The folder of the newest version in the locations of Debian and Homebrew; undefined if there is none. */
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
  const cluster = await prepareCluster();
  const guard = startGuard(cluster);
  await createCluster(cluster, settings);
  await runPgCtl(cluster, 'start', '-w');
  await runSql(cluster, 'postgres', `CREATE ROLE plain LOGIN PASSWORD '${PLAIN_PASSWORD}'`);
  let databases = 0;
  return {
    port: cluster.port,
    folder: cluster.folder,
    async makeDatabase() {
      databases += 1;
      const name = `cache_${databases}`;
      await runSql(cluster, 'postgres', `CREATE DATABASE ${name} OWNER plain`);
      return name;
    },
    url: (database, role) => urlOf(cluster, database, role),
    run: (database, sql) => runSql(cluster, database, sql),
    turnOnTls: () => turnOnTls(cluster),
    async refusePlain() {
      await writeFile(join(cluster.data, 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n');
      await runProgram(cluster, 'pg_ctl', ['reload', '-s', '-D', cluster.data]);
    },
    restart: () => runPgCtl(cluster, 'restart', '-w', '-m', 'immediate'),
    stop: () =>
      new Promise((resolve) => {
        guard.once('exit', () => resolve());
        guard.stdin.end();
      }),
  };
}

interface Cluster {
  readonly binaries: string;
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly identity: { uid: number; gid: number } | undefined;
}

const ENVIRONMENT = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };

async function prepareCluster(): Promise<Cluster> {
  const binaries = postgresBinaries();
  if (!binaries) throw new Error('no Postgres on this machine');
  const identity = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'));
  if (identity) chownSync(folder, identity.uid, identity.gid);
  return { binaries, folder, data: join(folder, 'data'), port: await freePort(), identity };
}

/** A process that outlives this one by a moment, however that ends: it stops the cluster and removes its folder. */
function startGuard({ binaries, folder, identity }: Cluster): ChildProcessByStdio<Writable, null, null> {
  const script = 'cat >/dev/null; "$1/pg_ctl" stop -s -m immediate -D "$2/data"; rm -rf "$2"';
  return spawn('sh', ['-c', script, 'guard', binaries, folder], {
    ...identity,
    cwd: '/',
    env: ENVIRONMENT,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

async function createCluster(cluster: Cluster, settings: readonly string[]): Promise<void> {
  const { folder, data, port, identity } = cluster;
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${OWNER_PASSWORD}\n`);
  if (identity) chownSync(passwordFile, identity.uid, identity.gid);
  await runProgram(cluster, 'initdb', [
    ...['-D', data, '-U', 'owner', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
  ]);
  const lines = [`port = ${port}`, "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", 'fsync = off'];
  await writeFile(join(data, 'postgresql.auto.conf'), [...lines, ...settings, ''].join('\n'));
}

async function runProgram({ binaries, folder, identity }: Cluster, program: string, args: string[]): Promise<void> {
  await run(join(binaries, program), args, { ...identity, cwd: folder, env: ENVIRONMENT });
}

function runPgCtl(cluster: Cluster, verb: 'start' | 'restart', ...options: string[]): Promise<void> {
  const log = join(cluster.folder, 'log');
  return runProgram(cluster, 'pg_ctl', [verb, '-s', ...options, '-D', cluster.data, '-l', log]);
}

function urlOf({ port }: Cluster, database: string, role: 'plain' | 'owner' = 'plain'): string {
  const password = encodeURIComponent(role === 'plain' ? PLAIN_PASSWORD : OWNER_PASSWORD);
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
}

async function runSql(cluster: Cluster, database: string, sql: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: urlOf(cluster, database, 'owner') });
  await client.connect();
  try {
    const result = await client.query<Record<string, string>>(sql);
    return Array.isArray(result) ? [] : result.rows;
  } finally {
    await client.end();
  }
}

async function turnOnTls(cluster: Cluster): Promise<string> {
  const { folder, identity } = cluster;
  const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate];
  await run('openssl', [...request, ...names], { ...identity, cwd: folder, env: ENVIRONMENT });
  for (const setting of [`ssl_cert_file = '${certificate}'`, `ssl_key_file = '${key}'`, 'ssl = on']) {
    await runSql(cluster, 'postgres', `ALTER SYSTEM SET ${setting}`);
  }
  await runPgCtl(cluster, 'restart', '-w', '-m', 'fast');
  return certificate;
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
