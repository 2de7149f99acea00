/** Parses the URL of a Postgres into what a client needs to connect. No part of it is ever shown. */
import { readFile } from 'node:fs/promises';
import { SetupError } from '../../errors.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Held in a closure, so that printing the target does not print it. */
  readonly password: () => string;
  /** The server's command-line options, as `options=` has them. */
  readonly options?: string;
  readonly channelBinding: boolean;
  readonly tls: Tls | false;
  /** Whether to connect without TLS when the server refuses it (`sslmode=prefer`). */
  readonly plainToo: boolean;
}

export interface Tls {
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Present where the certificate is checked and its name is not (`sslmode=verify-ca`). */
  readonly checkServerIdentity?: () => undefined;
}

/** Parameters of libpq that are ignored: harmless, or set by Sluice. */
const IGNORED = new Set(['application_name', 'fallback_application_name', 'connect_timeout', 'client_encoding']);
const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
const KNOWN = new Set(['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'channel_binding', 'options', 'host', 'port']);

/** @throws SetupError `cache_url` that names the problem without showing any part of the URL */
export async function parseUrl(text: string): Promise<Target> {
  const url = readUrl(text.trim());
  const query = url.searchParams;
  for (const name of query.keys()) {
    if (KNOWN.has(name) || IGNORED.has(name)) continue;
    const shown = /^[a-z_]{1,40}$/.test(name) ? ` "${name}"` : '';
    throw wrong(`has a parameter${shown} that is not known`, `Leave it out; known are ${[...KNOWN].join(', ')}.`);
  }
  const host = decoded(query.get('host') ?? url.hostname.replace(/^\[|\]$/g, '')) || 'localhost';
  const user = decoded(url.username);
  if (user === '') throw wrong('names no user', 'Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE.');
  const password = decoded(url.password);
  const mode = query.get('sslmode') ?? (isLocal(host) ? 'disable' : 'verify-full');
  if (!MODES.includes(mode)) throw wrong('has an invalid sslmode', `Write one of ${MODES.join(', ')}.`);
  const options = query.get('options');
  return {
    host,
    port: Number(query.get('port') || url.port || 5432),
    user,
    database: decoded(url.pathname.slice(1)) || user,
    password: () => password,
    ...(options ? { options } : {}),
    channelBinding: query.get('channel_binding') === 'require' || query.get('channel_binding') === 'prefer',
    tls: mode === 'disable' || host.startsWith('/') ? false : await tlsOf(mode, host, query),
    plainToo: mode === 'allow' || mode === 'prefer',
  };
}

function readUrl(text: string): URL {
  // A Unix socket has no host: postgres://user@/database?host=/run/postgresql.
  const written = text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?#]|$)/, '$1localhost');
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return url;
  throw wrong(
    'is not a postgres:// URL',
    'Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE; characters such as @ : / # % in the password are written as %40 %3A %2F %23 %25.',
  );
}

async function tlsOf(mode: string, host: string, query: URLSearchParams): Promise<Tls> {
  const root = query.get('sslrootcert');
  const [ca, cert, key] = await Promise.all([
    root === 'system' ? undefined : pem('sslrootcert', root),
    pem('sslcert', query.get('sslcert')),
    pem('sslkey', query.get('sslkey')),
  ]);
  // As in libpq: `require` checks the certificate only if there is one to check it by.
  const checks = mode.startsWith('verify') || (mode === 'require' && root !== null);
  const named = mode === 'verify-full' || root === 'system';
  return {
    rejectUnauthorized: checks,
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(checks && !named ? { checkServerIdentity: () => undefined } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function pem(name: string, path: string | null): Promise<string | undefined> {
  if (!path) return undefined;
  return readFile(path, 'utf8').catch(() => {
    throw wrong(`names a file at ${name} that cannot be read`, 'Write the absolute path of a PEM file.');
  });
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('holds a % that begins no character', 'Write a % of the password as %25.');
  }
}

function wrong(what: string, fix: string): SetupError {
  return new SetupError('cache_url', `The secret that SLUICE_CACHE_URL refers to ${what}.`, fix);
}
