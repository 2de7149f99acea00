/** Lends connections of the shared Postgres: one for each use, closed after it; nothing is kept open between. */
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, LimitError } from '../../errors.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { Client } from './client.ts';
import { connectError, workError } from './errors.ts';
import { parseUrl } from './url.ts';

export interface ServerOptions {
  readonly redactor: Redactor;
  /** Lends the URL as it stands now. */
  readonly url: <T>(use: (url: string) => Promise<T>) => Promise<T>;
}

export interface Use {
  /** Interrupts the statement that runs. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for a lock that another session holds. */
  readonly waitMs?: number;
}

export interface Server {
  readonly redactor: Redactor;
  /**
   * Runs `body` with a connection of its own; what it leaves open is rolled back.
   * @param purpose what is done: the connection's name for those who look at the server, and in messages
   * @throws SetupError where it cannot be reached, LimitError `cache_locked` naming who holds it, `cache_connection_lost`
   */
  use<T>(purpose: string, body: (client: Client) => Promise<T>, options?: Use): Promise<T>;
  /** Interrupts what runs, and lends no more. */
  close(): Promise<void>;
}

const WAIT_MS = 15_000;
const GRACE_MS = 2_000;
const INTERRUPT_MS = 250;
const FIRST_LOOK_MS = 700;
const LAST_LOOK_MS = 60_000;
/** A connection that does nothing for so long within a transaction is one of a process that stands still: its locks go. */
const IDLE_MS = 30 * 60_000;

/** The schemas of others may hold functions that look like the system's: only the system's own are found without a schema. */
const SESSION = `SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on; SET statement_timeout = 0;
  SET row_security = on; SET idle_in_transaction_session_timeout = ${IDLE_MS}`;

export function openServer({ redactor, url }: ServerOptions): Server {
  const running = new Map<AbortController, Promise<unknown>>();
  let closed = false;

  const connect = (name: string): Promise<Client> =>
    url(async (text) => {
      const target = await parseUrl(text);
      const { connectTo } = await import('./client.ts');
      return connectTo(target, name).catch((error: unknown) => {
        throw connectError(error);
      });
    });

  const useOne = async <T>(
    purpose: string,
    body: (client: Client) => Promise<T>,
    { signal, waitMs = WAIT_MS }: Use,
  ): Promise<T> => {
    if (signal?.aborted) throw abortError(signal);
    const client = await connect(`sluice: ${purpose}`.slice(0, 63));
    const { socketOf } = await import('./client.ts');
    let holders = '';
    let ended = false;
    // Who holds the lock is known only while it is waited for, so a second connection looks shortly before the wait ends.
    const look = watchLocks(
      client,
      () => connect('sluice: looking who holds a lock'),
      (found) => {
        holders = found;
      },
    );
    const interrupt = async (): Promise<void> => {
      const deadline = Date.now() + GRACE_MS;
      // An interruption between two statements is lost, so it is repeated.
      while (!ended && Date.now() < deadline) {
        await cancel(client, connect).catch(() => undefined);
        await sleep(INTERRUPT_MS);
      }
      if (!ended) socketOf(client).destroy();
    };
    const abort = (): void => void interrupt();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await client.query(`${SESSION}; SET lock_timeout = ${Math.ceil(waitMs)}`);
      // A server that was killed in the middle of a long statement frees its locks soon; not every system has it.
      await client.query("SET client_connection_check_interval = '2s'").catch(() => undefined);
      if (signal?.aborted) throw abortError(signal);
      return await body(client);
    } catch (error) {
      throw signal?.aborted ? abortError(signal) : workError(error, purpose, holders, waitMs);
    } finally {
      ended = true;
      look.end();
      signal?.removeEventListener('abort', abort);
      await Promise.race([client.end().catch(() => undefined), sleep(GRACE_MS).then(() => socketOf(client).destroy())]);
    }
  };

  return {
    redactor,
    async use(purpose, body, options = {}) {
      if (closed) throw closedError(purpose);
      const controller = new AbortController();
      const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
      const work = useOne(purpose, body, { ...options, signal });
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

async function cancel(client: Client, connect: (name: string) => Promise<Client>): Promise<void> {
  const other = await connect('sluice: interrupting');
  try {
    await other.query(`SELECT pg_catalog.pg_cancel_backend(${pidOf(client)})`);
  } finally {
    await other.end();
  }
}

/** Looks now and then, ever more seldom, who blocks the client's statement, and tells it. */
function watchLocks(client: Client, connect: () => Promise<Client>, tell: (holders: string) => void): { end(): void } {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const other = await connect();
    try {
      const found = await blockers(other, pidOf(client));
      if (found !== '') tell(found);
    } finally {
      await other.end();
    }
  };
  const lookLater = (ms: number): void => {
    timer = setTimeout(async () => {
      // Without it only the message is poorer.
      await look().catch(() => undefined);
      if (!ended) lookLater(Math.min(2 * ms, LAST_LOOK_MS));
    }, ms);
    timer.unref();
  };
  lookLater(FIRST_LOOK_MS);
  return {
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
