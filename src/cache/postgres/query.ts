/** Runs one judged SELECT through a cursor, and returns a bounded part of its rows. */
import { LimitError } from '../../errors.ts';
import type { Redactor } from '../../secrets/index.ts';
import { redactBeginning } from '../../secrets/index.ts';
import { type AnswerPart, buildPart } from '../answer-part.ts';
import { type QueryDeadline, startDeadline } from '../duckdb/query-limits.ts';
import type { DryRun, QueryColumn, QueryLimits, QueryResult } from '../types.ts';
import type { Client, socketOf } from './client.ts';
import { sqlState } from './errors.ts';
import { type Judged, judge } from './judge.ts';
import { type CellType, cellKind, readCell } from './query-cells.ts';
import { queryError } from './query-errors.ts';
import { checkRole } from './role.ts';
import type { Server } from './server.ts';

export interface ReadColumn extends QueryColumn {
  readonly cell: CellType;
}

const PLAN_CAP = 20_000;
// Together with the query's 30 s, a call stays below 45 s.
const LOCK_WAIT_MS = 10_000;
const TIME_LIMIT_MS = 30_000;
const CURSOR = 'DECLARE sluice_query NO SCROLL CURSOR FOR ';
const EXPLAIN = `EXPLAIN (FORMAT TEXT) ${CURSOR}`;
/** Target size of a page. The first page has one row, because rows can have any size. */
const PAGE_BYTES = 4_000_000;
const GROWTH = 16;
/** A row, or a page of uneven rows, beyond this would exhaust the memory of this process. */
const MAX_BYTES = 128_000_000;

/**
 * The rows from `offset` on, at most `limit`, in the order of the query.
 * @throws InputError for SQL that is refused or wrong, SetupError `cache_role`, LimitError `query_timeout`, `query_too_large`
 */
export async function runQuery(server: Server, sql: string, limits: QueryLimits): Promise<QueryResult> {
  return judged(server, sql, limits.signal, async (client, { tables }) => {
    const started = performance.now();
    const columns = await openCursor(client, sql);
    const openedMs = performance.now() - started;
    const { engineMs, ...part } = await readPart(client, columns, limits, server.redactor);
    return { ...part, readsTables: tables.length > 0, elapsedMs: Math.round(openedMs + engineMs) };
  });
}

/** Columns, tables and plan of a query, without running it. */
export async function dryRun(server: Server, sql: string, signal: AbortSignal): Promise<DryRun> {
  return judged(server, sql, signal, async (client, { tables }) => {
    // A DECLARE accepts nothing but a query, so ANALYZE cannot be smuggled in.
    const text = `${EXPLAIN}${sql}`;
    const plan = await client.query({ text, rowMode: 'array', queryMode: 'extended' } as {
      text: string;
      rowMode: 'array';
    });
    const lines = (plan.rows as string[][]).map(([line]) => line).join('\n');
    const redaction = { redactor: server.redactor, level: 'data', shown: PLAN_CAP } as const;
    const shown = redactBeginning(lines, redaction);
    const columns = await openCursor(client, sql);
    return { columns: columns.map(named), tables, plan: shown.cut ? `${shown.text}\n…` : shown.text };
  });
}

/** Runs `body` in a read-only transaction, with the time limit of a query. */
export async function judged<T>(
  server: Server,
  sql: string,
  signal: AbortSignal,
  body: (client: Client, judged: Judged) => Promise<T>,
  timeLimitMs = TIME_LIMIT_MS,
): Promise<T> {
  const deadline: QueryDeadline = startDeadline(signal, timeLimitMs);
  const work = server.use(
    'query',
    async (client) => {
      deadline.begin();
      let reading = false;
      try {
        await checkRole(client);
        await client.query(`SET statement_timeout = ${timeLimitMs}`);
        const found = await judge(client, sql);
        await client.query('BEGIN TRANSACTION READ ONLY');
        reading = true;
        return await body(client, found);
      } catch (error) {
        throw sqlState(error) === '25006' && !reading ? error : queryError(error, sql, CURSOR.length);
      } finally {
        deadline.end();
        await client.query('ROLLBACK').catch(() => undefined);
      }
    },
    { waitMs: LOCK_WAIT_MS, signal: deadline.signal },
  );
  return deadline.race(work);
}

/** Opens the cursor `sluice_query`; the extended protocol takes one statement only. */
export async function openCursor(client: Client, sql: string): Promise<ReadColumn[]> {
  await client.query({ text: `${CURSOR}${sql}`, queryMode: 'extended' } as { text: string });
  const { fields } = await client.query({ text: 'FETCH FORWARD 0 FROM sluice_query', rowMode: 'array' });
  const oids = fields.map(({ dataTypeID }) => dataTypeID);
  const { rows } = await client.query<{ type: string; name: string; element: string | null }>(
    `SELECT format_type(f.oid, f.mod) AS type, t.typname AS name, e.typname AS element
    FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS f(oid, mod, at) JOIN pg_type AS t ON t.oid = f.oid
    LEFT JOIN pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A' ORDER BY f.at`,
    [oids, fields.map(({ dataTypeModifier }) => dataTypeModifier)],
  );
  return fields.map(({ name }, at) => {
    const { type = '', name: own = '', element = null } = rows[at] ?? {};
    return { name, type, cell: { kind: cellKind(element ?? own), array: element !== null } };
  });
}

export async function readPart(
  client: Client,
  columns: readonly ReadColumn[],
  limits: QueryLimits,
  redactor: Redactor,
): Promise<AnswerPart & { readonly engineMs: number }> {
  // The database's time only: the time to search for secrets would reveal facts about them.
  let from = performance.now();
  let engineMs = 0;
  if (limits.offset > 0) await client.query(`MOVE FORWARD ${limits.offset} FROM sluice_query`);
  const part = buildPart(columns.map(named), limits);
  const page = pages(client);
  const { socketOf: socket } = await import('./client.ts');
  const watch = watchBytes(socket(client));
  try {
    for (let rows = await page.next(); rows.length > 0; rows = await page.next()) {
      engineMs += performance.now() - from;
      for (const row of rows) {
        const cells = columns.map(({ cell }, at) => readCell(row[at] ?? null, cell, redactor));
        if (!part.add(cells)) return { ...part.end(true), engineMs };
      }
      from = performance.now();
    }
    return { ...part.end(false), engineMs: engineMs + performance.now() - from };
  } catch (error) {
    throw watch.overflown() ? tooLarge() : error;
  } finally {
    watch.end();
  }
}

/** Pages of rows as texts, each about the target size; an empty one at the end. */
function pages(client: Client): { next(): Promise<(string | null)[][]> } {
  let size = 1;
  return {
    async next() {
      const { rows } = await client.query<(string | null)[]>({
        text: `FETCH FORWARD ${size} FROM sluice_query`,
        rowMode: 'array',
      });
      const bytes = rows.reduce((sum, row) => sum + row.reduce((all, cell) => all + (cell?.length ?? 0) + 8, 0), 0);
      const fits = Math.floor(PAGE_BYTES / Math.max(1, bytes / Math.max(1, rows.length)));
      size = Math.max(1, Math.min(size * GROWTH, fits, 1_000));
      return rows;
    },
  };
}

/** `pg` buffers a complete message before it reports its rows, so a message that grows too large is cut off at the socket. */
function watchBytes(socket: ReturnType<typeof socketOf>): { overflown(): boolean; end(): void } {
  let bytes = 0;
  let over = false;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= MAX_BYTES || over) return;
    over = true;
    socket.destroy();
  };
  socket.on('data', count);
  return { overflown: () => over, end: () => void socket.removeListener('data', count) };
}

function named({ name, type }: QueryColumn): QueryColumn {
  return { name, type };
}

function tooLarge(): LimitError {
  return new LimitError(
    'query_too_large',
    `The rows are too large to be fetched: more than ${MAX_BYTES / 1_000_000} MB for one answer.`,
    'Select fewer columns, or the beginning of long texts: left(column, 1000).',
  );
}
