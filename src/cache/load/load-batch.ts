/** Loads one batch: rows, moves, swaps and states in one transaction. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../../errors.ts';
import { forgetStates, saveStates, saveStream, touchStream } from '../bookkeeping/index.ts';
import type { Database, UseOptions } from '../database.ts';
import { EXTRACTED_AT, META, pendingTable, quoteName, replacementTable, tablePath } from './names.ts';
import { repairSegment } from './repair.ts';
import { type Reading, readingFor, selectRows } from './select-sql.ts';
import { createTable } from './tables.ts';
import { inTransaction } from './transaction.ts';
import type { BatchLoad, LoadedStream, SegmentFile, StreamLoad, StreamTable } from './types.ts';
import { unknownFields } from './unknown-fields.ts';

/** A segment that the database could not read, and its readable copy. */
interface Repair {
  readonly segment: SegmentFile;
  readonly dropped: number;
}

/** A segment failed at the database; the transaction is lost and must be done again. */
class SegmentFailure extends Error {
  readonly segment: SegmentFile;

  constructor(segment: SegmentFile, cause: unknown) {
    super(messageOf(cause), { cause });
    this.segment = segment;
  }
}

/**
 * Loads a batch, all or nothing. A segment that the database cannot read is repaired and the batch done again.
 * @returns one entry for each of `batch.streams`
 * @throws LimitError `cache_locked` or of the signal, SetupError, and what the database says of a full disk
 */
export async function loadBatch(database: Database, batch: BatchLoad, options: UseOptions): Promise<LoadedStream[]> {
  const repairs = new Map<string, Repair>();
  for (;;) {
    try {
      return await database.use(
        `loading sync ${batch.syncId}`,
        (connection) => inTransaction(connection, () => load(connection, batch, repairs)),
        options,
      );
    } catch (error) {
      if (!(error instanceof SegmentFailure)) throw error;
      const { segment } = error;
      if (repairs.has(segment.path)) throw error.cause;
      repairs.set(segment.path, await repairSegment(segment));
    }
  }
}

async function load(
  connection: DuckDBConnection,
  batch: BatchLoad,
  repairs: ReadonlyMap<string, Repair>,
): Promise<LoadedStream[]> {
  const loaded: LoadedStream[] = [];
  for (const stream of batch.streams) loaded.push(await loadStream(connection, stream, batch.syncId, repairs));
  await forgetStates(connection, batch.source, batch.forget);
  await saveStates(connection, batch.source, batch.syncId, batch.states);
  return loaded;
}

async function loadStream(
  connection: DuckDBConnection,
  { prepared, movePending, into, segments, swap }: StreamLoad,
  syncId: string,
  repairs: ReadonlyMap<string, Repair>,
): Promise<LoadedStream> {
  const { target } = prepared;
  const moved = movePending ? await movePendingRows(connection, target) : 0;
  const table =
    into === 'replacement'
      ? replacementTable(target.table)
      : into === 'pending'
        ? await ensurePending(connection, target)
        : target.table;
  let rows = 0;
  let dropped = 0;
  const unknown = new Set<string>();
  for (const segment of segments) {
    const repair = repairs.get(segment.path);
    const reading: Reading = repair ? 'path' : readingFor(target.columns);
    rows += await insertSegment(connection, target, table, repair?.segment ?? segment, segment, reading);
    dropped += repair?.dropped ?? 0;
    for (const field of await unknownFields(repair?.segment ?? segment, target.columns)) unknown.add(field);
  }
  if (swap) {
    await connection.run(`DROP TABLE IF EXISTS ${tablePath(target.dataset, target.table)}`);
    await rename(connection, target, replacementTable(target.table));
    await saveStream(connection, prepared);
  }
  if (into === 'table' || swap) await touchStream(connection, target, syncId);
  return { rows, moved, dropped, unknownFields: [...unknown] };
}

async function insertSegment(
  connection: DuckDBConnection,
  target: StreamTable,
  table: string,
  readable: SegmentFile,
  original: SegmentFile,
  reading: Reading,
): Promise<number> {
  if (readable.rows === 0) return 0;
  const select = selectRows(readable, target.columns, reading, Date.now());
  try {
    const result = await connection.run(
      `INSERT INTO ${tablePath(target.dataset, table)} (${columnList(target)}) ${select}`,
    );
    return result.rowsChanged;
  } catch (error) {
    // Only what the data can be blamed for is worth a repair: not a full disk, not an interruption.
    if (/^(Invalid Input|Conversion|Out of Range) Error/.test(messageOf(error)))
      throw new SegmentFailure(original, error);
    throw error;
  }
}

function columnList({ columns }: StreamTable): string {
  return [...columns.map(({ column }) => quoteName(column)), EXTRACTED_AT, META].join(', ');
}

async function movePendingRows(connection: DuckDBConnection, target: StreamTable): Promise<number> {
  const pending = tablePath(target.dataset, pendingTable(target.table));
  const list = columnList(target);
  const result = await connection.run(
    `INSERT INTO ${tablePath(target.dataset, target.table)} (${list}) SELECT ${list} FROM ${pending}`,
  );
  await connection.run(`DROP TABLE ${pending}`);
  return result.rowsChanged;
}

async function ensurePending(connection: DuckDBConnection, target: StreamTable): Promise<string> {
  const table = pendingTable(target.table);
  const { rows } = await connection
    .runAndReadAll('SELECT 1 FROM duckdb_tables() WHERE schema_name = $1 AND table_name = $2', [target.dataset, table])
    .then((reader) => ({ rows: reader.currentRowCount }));
  if (rows === 0) await createTable(connection, target.dataset, table, target.columns);
  return table;
}

async function rename(connection: DuckDBConnection, target: StreamTable, from: string): Promise<void> {
  await connection.run(`ALTER TABLE ${tablePath(target.dataset, from)} RENAME TO ${quoteName(target.table)}`);
}
