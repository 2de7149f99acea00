/** The only file that loads `pg`: a CommonJS module, imported statically here; this file is loaded on first use. */
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import type { Target, Tls } from './url.ts';

export type Client = pg.Client;

/** Every value as the text that the server wrote. */
const AS_TEXT = { getTypeParser: () => (value: string | Buffer) => String(value) };
const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 15_000;

/** Opens a connection, which the caller must end. A lost one fails at its next statement. */
export async function connectTo(target: Target, name: string): Promise<Client> {
  try {
    return await connect(target, target.tls, name);
  } catch (error) {
    if (!target.plainToo || !/does not support SSL/.test(String(error))) throw error;
    return connect(target, false, name);
  }
}

async function connect(target: Target, tls: Tls | false, name: string): Promise<Client> {
  const { host, port, user, database, password, options, channelBinding } = target;
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    password,
    ...(options === undefined ? {} : { options }),
    ssl: tls,
    enableChannelBinding: channelBinding && tls !== false,
    application_name: name,
    client_encoding: 'UTF8',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types: AS_TEXT as unknown as pg.CustomTypesConfig,
  });
  // Without a listener, the loss of an idle connection would crash the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** The input stream of COPY … FROM STDIN. */
export function copyInto(client: Client, sql: string): NodeJS.WritableStream & { rowCount: number } {
  return client.query(from(sql));
}

/** The output stream of COPY … TO STDOUT. */
export function copyFrom(client: Client, sql: string): NodeJS.ReadableStream & { rowCount: number } {
  return client.query(to(sql));
}

/** The socket of a client, for what its API does not offer. */
export function socketOf(client: Client): NodeJS.EventEmitter & { destroy(): void } {
  const { connection } = client as unknown as { connection: { stream: NodeJS.EventEmitter & { destroy(): void } } };
  return connection.stream;
}
