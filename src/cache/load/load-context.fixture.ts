/** A database in a temporary folder, and the way from records to rows, for the tests of loading. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, Stream, SyncMode } from '../../protocol/index.ts';
import { createRedactor } from '../../secrets/index.ts';
import type { Cache } from '../cache.ts';
import { longNumberFinder } from '../convert/long-numbers.ts';
import { type Database, openDatabase } from '../duckdb/database.ts';
import { duckdbCache } from '../duckdb/duckdb-cache.ts';
import { loadConnection } from '../duckdb/load-store.ts';
import type { SqlConnection } from '../sql.ts';
import type { BatchLoad, LoadedStream, PreparedSync, SegmentFile } from './index.ts';

export interface LoadContext {
  readonly cache: Cache;
  /** The SQL that both databases share, on a connection of its own. */
  sql<T>(body: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** DuckDB's file; no such thing on Postgres. */
  readonly database?: Database;
  prepare(streams: readonly Stream[], mode?: SyncMode, restart?: boolean): Promise<PreparedSync>;
  /** Writes lines to a staged file. */
  segment(lines: readonly (string | Buffer)[], form?: SegmentFile['form']): Promise<SegmentFile>;
  /** Loads lines into the first stream that was prepared. */
  load(
    prepared: PreparedSync,
    lines: readonly (string | Buffer)[],
    more?: Partial<BatchLoad['streams'][number]>,
    rest?: { readonly more: BatchLoad['streams']; readonly states: BatchLoad['states'] },
  ): Promise<LoadedStream>;
  rows(sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

/** What a database brings into a context. */
interface Installed extends Pick<LoadContext, 'cache' | 'sql' | 'rows' | 'database'> {
  close(): Promise<void>;
}
type Install = (folder: string, stagingDirectory: () => Promise<string>) => Promise<Installed>;

let install: Install = installDuckdb;

/** Contexts that are opened from now on use another database. */
export function openLoadContextsOn(other: Install): void {
  install = other;
}

/** Whether contexts use DuckDB: some tests are about its file. */
export function isOnDuckdb(): boolean {
  return install === installDuckdb;
}

async function installDuckdb(folder: string, stagingDirectory: () => Promise<string>): Promise<Installed> {
  const database = openDatabase({
    redactor: createRedactor(),
    file: async () => join(folder, 'cache.duckdb'),
    stagingDirectory,
  });
  return {
    database,
    cache: duckdbCache(database),
    sql: (body) => database.use('test', (connection) => body(loadConnection(connection))),
    rows: (sql) =>
      database.use('test', async (connection) => (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][]),
    close: () => database.close(),
  };
}

export async function openLoadContext(): Promise<LoadContext> {
  // DuckDB takes these for a pattern, unless the path is literally there.
  const folder = await mkdtemp(join(tmpdir(), "sluice-load-[x]*'-"));
  const staging = join(folder, 'staging');
  await mkdir(staging);
  const installed = await install(folder, async () => staging);
  const { cache } = installed;
  let made = 0;
  const segment: LoadContext['segment'] = async (lines, form = 'message') => {
    made += 1;
    const path = join(staging, `${made}.ndjson`);
    const bytes = Buffer.concat(lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\n')])));
    await writeFile(path, bytes);
    const longestLine = Math.max(...lines.map((line) => Buffer.byteLength(line) + 1));
    const longNumbers = longNumberFinder()(bytes);
    return { path, rows: lines.length, bytes: bytes.length, longestLine, longNumbers, form };
  };
  return {
    ...installed,
    segment,
    prepare(streams, mode = 'incremental_append', restart = false) {
      made += 1;
      const startedAt = new Date().toISOString();
      const facts = { source: 'shop', dataset: 'shop', state: 'running', startedAt, records: 0, rows: 0, streams: [] };
      return cache.prepareSync({
        sync: { syncId: `s${made}`, ...facts },
        streams: streams.map((one) => ({
          stream: one,
          mode,
          cursorField: one.defaultCursorField,
          primaryKey: one.primaryKey,
        })),
        severalNamespaces: new Set(streams.map(({ namespace }) => namespace)).size > 1,
        restart,
      });
    },
    async load(prepared, lines, more = {}, rest = { more: [], states: [] }) {
      const [first] = prepared.streams;
      if (!first) throw new Error('nothing prepared');
      const segments = lines.length > 0 ? [await segment(lines)] : [];
      const into = first.writeMode === 'replace' ? 'replacement' : 'table';
      const entry = {
        prepared: first,
        movePending: false,
        into,
        segments,
        swap: into === 'replacement',
        ...more,
      } as const;
      const batch: BatchLoad = {
        syncId: `s${made}`,
        source: 'shop',
        streams: [entry, ...rest.more],
        states: rest.states,
        deleteStatesOf: [],
      };
      const [loaded] = await cache.loadBatch(batch);
      if (!loaded) throw new Error('nothing loaded');
      return loaded;
    },
    async close() {
      await installed.close();
      await rm(folder, { recursive: true });
    },
  };
}

export function stream(name: string, properties: JsonObject, more: Partial<Stream> = {}): Stream {
  return {
    name,
    jsonSchema: { type: 'object', properties },
    incremental: true,
    sourceDefinedCursor: true,
    defaultCursorField: ['id'],
    primaryKey: [['id']],
    ...more,
  };
}

export function record(data: unknown, more: object = {}): string {
  return JSON.stringify({ type: 'RECORD', record: { stream: 's', data, emitted_at: 1_700_000_000_000, ...more } });
}
