/** Runs one guarded SELECT and returns a bounded part of its rows. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { InputError } from '../../errors.ts';
import { type Redactor, redactBeginning } from '../../secrets/index.ts';
import { type AnswerPart, buildPart } from '../answer-part.ts';
import type { DryRun, QueryColumn, QueryLimits, QueryResult } from '../types.ts';
import type { Database } from './database.ts';
import { type Guarded, guardQuery } from './guard.ts';
import { GROWING_FUNCTIONS } from './guard-functions.ts';
import { guardPlan } from './guard-plan.ts';
import { planText } from './plan-text.ts';
import { cellReader } from './query-cells.ts';
import { queryError } from './query-errors.ts';
import { type QueryDeadline, startDeadline } from './query-limits.ts';
import { withStream } from './stream.ts';

// Tables with thousands of columns exist; beyond this, planning takes seconds, then minutes.
const COLUMNS_CAP = 5_000;
const PLAN_CAP = 20_000;
// Together with the query's 30 s, a call stays below 45 s.
const LOCK_WAIT_MS = 10_000;
const TYPE_CAP = 200;

/**
 * The rows from `offset` on, at most `limit`, in the order of the query.
 * @throws InputError for SQL that is refused or wrong, LimitError `query_timeout`, `query_memory` or `cache_locked`
 */
export async function runQuery(database: Database, sql: string, limits: QueryLimits): Promise<QueryResult> {
  return guarded(database, sql, limits.signal, async (connection, query) => {
    const started = performance.now();
    const columns = await columnsOf(connection, query.sql, database.redactor);
    const bounded = await boundedSql(connection, query.sql, limits);
    // The limits become part of the query where its text allows it; otherwise its rows are counted here.
    if (bounded !== undefined) await guardPlan(connection, bounded);
    const preparedMs = performance.now() - started;
    const { engineMs, ...part } = await readPart(
      cellReader(await import('@duckdb/node-api'), database.redactor),
      connection,
      bounded ?? query.sql,
      columns,
      bounded === undefined ? limits.offset : 0,
      limits,
    );
    return { ...part, readsTables: query.tables.length > 0, elapsedMs: Math.round(preparedMs + engineMs) };
  });
}

/** Columns, tables and plan of a query, without running it. */
export async function dryRun(database: Database, sql: string, signal: AbortSignal): Promise<DryRun> {
  return guarded(database, sql, signal, async (connection, query) => {
    const columns = await columnsOf(connection, query.sql, database.redactor);
    const plan = (await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${query.sql}`)).getRows();
    const text = plan.map((row) => planText(String(row[1]))).join('\n');
    const redaction = { redactor: database.redactor, level: 'data' } as const;
    const shown = redactBeginning(text, { ...redaction, shown: PLAN_CAP });
    return { columns, tables: query.tables, plan: shown.cut ? `${shown.text}\n…` : shown.text };
  });
}

export async function columnsOf(connection: DuckDBConnection, sql: string, redactor: Redactor): Promise<QueryColumn[]> {
  const prepared = await connection.prepare(sql);
  try {
    if (prepared.columnCount > COLUMNS_CAP) {
      throw new InputError(
        'sql_too_wide',
        `The result has ${prepared.columnCount.toLocaleString('en-US')} columns; at most ${COLUMNS_CAP.toLocaleString('en-US')} are read.`,
        'Name the columns you need.',
      );
    }
    return Array.from({ length: prepared.columnCount }, (_, at) => ({
      name: prepared.columnName(at),
      type: typeText(prepared.columnType(at), redactor),
    }));
  } finally {
    prepared.destroySync();
  }
}

/**
 * The query with its limits, which DuckDB then plans for (a sort keeps only the first rows); undefined if the text
 * cannot be embedded, as with a comment after its semicolon.
 */
async function boundedSql(
  connection: DuckDBConnection,
  sql: string,
  { limit, offset }: QueryLimits,
): Promise<string | undefined> {
  const inner = sql.replace(/[;\s]+$/, '');
  try {
    return (await guardQuery(connection, `SELECT * FROM (${inner}\n) LIMIT ${limit + 1} OFFSET ${offset}`)).sql;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

export async function guarded<T>(
  database: Database,
  sql: string,
  signal: AbortSignal,
  body: (connection: DuckDBConnection, query: Guarded) => Promise<T>,
  timeLimitMs?: number,
): Promise<T> {
  const deadline: QueryDeadline = startDeadline(signal, timeLimitMs);
  const work = database.use(
    'query',
    async (connection) => {
      deadline.begin();
      try {
        const query = await guardQuery(connection, sql);
        for (const name of query.growing) await connection.run(GROWING_FUNCTIONS.get(name) ?? '');
        await connection.run('BEGIN TRANSACTION READ ONLY');
        try {
          await guardPlan(connection, query.sql);
          return await body(connection, query);
        } finally {
          await connection.run('ROLLBACK');
        }
      } catch (error) {
        throw queryError(error, sql);
      } finally {
        deadline.end();
      }
    },
    { mustExist: true, waitMs: LOCK_WAIT_MS, signal: deadline.signal },
  );
  return deadline.race(work);
}

export async function readPart(
  readCell: ReturnType<typeof cellReader>,
  connection: DuckDBConnection,
  sql: string,
  columns: readonly QueryColumn[],
  skipped: number,
  limits: QueryLimits,
): Promise<AnswerPart & { readonly engineMs: number }> {
  // The database's time only: the time to search for secrets would reveal facts about them.
  const started = performance.now();
  let engineMs = 0;
  return withStream(connection, sql, async (_result, fetchChunk) => {
    engineMs = performance.now() - started;
    const fetch = async () => {
      const from = performance.now();
      const chunk = await fetchChunk();
      engineMs += performance.now() - from;
      return chunk;
    };
    const part = buildPart(columns, limits);
    let skip = skipped;
    for (let chunk = await fetch(); chunk; chunk = await fetch()) {
      const vectors = columns.map((_, at) => chunk.getColumnVector(at));
      for (let at = Math.min(skip, chunk.rowCount); at < chunk.rowCount; at += 1) {
        if (!part.add(vectors.map((vector) => readCell(vector, at)))) return { ...part.end(true), engineMs };
      }
      skip = Math.max(0, skip - chunk.rowCount);
    }
    return { ...part.end(false), engineMs };
  });
}

/** The names of a struct's fields are data. */
function typeText(type: { toString(): string; readonly alias?: string | undefined }, redactor: Redactor): string {
  const shown = redactBeginning(type.alias ?? type.toString(), { redactor, level: 'data', shown: TYPE_CAP });
  return shown.cut ? `${shown.text}…` : shown.text;
}
