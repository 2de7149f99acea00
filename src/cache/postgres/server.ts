/** Connections to the shared Postgres: one for each use, closed after it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, LimitError } from '../../errors.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { Client } from './client.ts';
import { connectError, workError } from './errors.ts';
import { parseUrl } from './url.ts';

export interface ServerOptions {
  readonly redactor: Redactor;
  /** Passes the current URL to `use`. */
  readonly url: <T>(use: (url: string) => Promise<T>) => Promise<T>;
}

export interface UseOptions {
  /** Interrupts the running statement. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for a lock that another session holds. */
  readonly waitMs?: number;
}

export interface Server {
  readonly redactor: Redactor;
  /**
   * Runs `body` with its own connection; a transaction that it leaves open is rolled back.
   * @param purpose what is done: the name of the connection on the server and in messages
   * @throws SetupError if it cannot be reached, LimitError `cache_locked` naming who holds it, `cache_connection_lost`
   */
  use<T>(purpose: string, body: (client: Client) => Promise<T>, options?: UseOptions): Promise<T>;
  /** Interrupts running work and rejects further use. */
  close(): Promise<void>;
}

const WAIT_MS = 15_000;
const GRACE_MS = 2_000;
const INTERRUPT_MS = 250;
const FIRST_LOOK_MS = 700;
const LAST_LOOK_MS = 60_000;
/** A connection that is idle this long within a transaction belongs to a stalled process, and its locks are released. */
const IDLE_MS = 30 * 60_000;

/** An empty search path: other schemas may have functions that look like the system's. */
const SESSION = `SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on; SET statement_timeout = 0;
  SET row_security = on; SET idle_in_transaction_session_timeout = ${IDLE_MS}`;

type Connect = (name: string) => Promise<Client>;

export function openServer({ redactor, url }: ServerOptions): Server {
  const running = new Map<AbortController, Promise<unknown>>();
  let closed = false;

  const connect: Connect = (name) =>
    url(async (text) => {
      const target = await parseUrl(text);
      const { connectTo } = await import('./client.ts');
      return connectTo(target, name).catch((error: unknown) => {
        throw connectError(error);
      });
    });

  return {
    redactor,
    async use(purpose, body, options = {}) {
      if (closed) throw closedError(purpose);
      const controller = new AbortController();
      const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
      const work = withClient(connect, purpose, body, { ...options, signal });
      running.set(controller, work);
      try {
        return await work;
      } finally {
        running.delete(controller);
      }
    },
    async close() {
      closed = true;
      for (const controller of running.keys()) controller.abort(closedError('what was running'));
      await Promise.allSettled(running.values());
    },
  };
}

async function withClient<T>(
  connect: Connect,
  purpose: string,
  body: (client: Client) => Promise<T>,
  { signal, waitMs = WAIT_MS }: UseOptions & { readonly signal: AbortSignal },
): Promise<T> {
  if (signal.aborted) throw abortError(signal);
  const client = await connect(`sluice: ${purpose}`.slice(0, 63));
  const locks = watchLocks(client, () => connect('sluice: looking who holds a lock'));
  const interruption = interruptOnAbort(client, connect, signal);
  try {
    await startSession(client, waitMs);
    if (signal.aborted) throw abortError(signal);
    return await body(client);
  } catch (error) {
    throw signal.aborted ? abortError(signal) : workError(error, purpose, locks.holders(), waitMs);
  } finally {
    interruption.end();
    locks.end();
    await closeClient(client);
  }
}

async function startSession(client: Client, waitMs: number): Promise<void> {
  await client.query(`${SESSION}; SET lock_timeout = ${Math.ceil(waitMs)}`);
  // The server then soon frees the locks of a client that was killed during a long statement. Not every system supports it.
  await client.query("SET client_connection_check_interval = '2s'").catch(() => undefined);
}

/** Cancels the client's statement when the signal aborts, and cuts the connection where that does not help. */
function interruptOnAbort(client: Client, connect: Connect, signal: AbortSignal): { end(): void } {
  let ended = false;
  const interrupt = async (): Promise<void> => {
    const deadline = Date.now() + GRACE_MS;
    // An interruption between two statements has no effect, so it is repeated.
    while (!ended && Date.now() < deadline) {
      await cancel(client, connect).catch(() => undefined);
      await sleep(INTERRUPT_MS);
    }
    if (!ended) await destroySocket(client);
  };
  const abort = (): void => void interrupt();
  signal.addEventListener('abort', abort, { once: true });
  return {
    end() {
      ended = true;
      signal.removeEventListener('abort', abort);
    },
  };
}

async function closeClient(client: Client): Promise<void> {
  const timeout = sleep(GRACE_MS).then(() => destroySocket(client));
  await Promise.race([client.end().catch(() => undefined), timeout]);
}

async function destroySocket(client: Client): Promise<void> {
  const { socketOf } = await import('./client.ts');
  socketOf(client).destroy();
}

async function cancel(client: Client, connect: Connect): Promise<void> {
  const other = await connect('sluice: interrupting');
  try {
    await other.query(`SELECT pg_catalog.pg_cancel_backend(${pidOf(client)})`);
  } finally {
    await other.end();
  }
}

/**
 * Looks repeatedly, with growing pauses, who blocks the client's statement. The server knows it only while the statement waits,
 * so a second connection has to look before the wait ends.
 */
function watchLocks(client: Client, connect: () => Promise<Client>): { holders(): string; end(): void } {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let holders = '';
  const look = async (): Promise<void> => {
    const other = await connect();
    try {
      holders = (await blockers(other, pidOf(client))) || holders;
    } finally {
      await other.end();
    }
  };
  const lookLater = (ms: number): void => {
    timer = setTimeout(async () => {
      // A failure only makes the message less precise.
      await look().catch(() => undefined);
      if (!ended) lookLater(Math.min(2 * ms, LAST_LOOK_MS));
    }, ms);
    timer.unref();
  };
  lookLater(FIRST_LOOK_MS);
  return {
    holders: () => holders,
    end() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

async function blockers(client: Client, pid: number): Promise<string> {
  const { rows } = await client.query<{ pid: string; name: string; state: string }>(
    `SELECT pid, coalesce(nullif(application_name, ''), 'a program without a name') AS name, coalesce(state, 'unknown') AS state
    FROM pg_catalog.pg_stat_activity WHERE pid = ANY (pg_catalog.pg_blocking_pids(${pid})) LIMIT 3`,
  );
  return rows.map((row) => `"${row.name}" (process ${row.pid} of the server, ${row.state})`).join(', ');
}

function pidOf(client: Client): number {
  return Number((client as unknown as { processID: number | null }).processID ?? 0);
}

function closedError(purpose: string): LimitError {
  return new LimitError(
    'closing',
    `The server is shutting down; ended or not started: ${purpose}.`,
    'Start it again and repeat the call.',
  );
}
