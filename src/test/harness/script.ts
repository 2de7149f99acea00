/** A source through the binary that a test scripts: its streams, and each byte of its output. */
import { join } from 'node:path';
import type { JsonObject } from '../../protocol/index.ts';
import { syncOut } from './calls.ts';
import type { TestServer } from './client.ts';
import { FIXTURE_CONNECTORS } from './workplace.ts';

export const SCRIPT = join(FIXTURE_CONNECTORS, 'source-script.mjs');

export interface ScriptStream {
  readonly name: string;
  readonly namespace?: string;
  readonly properties?: JsonObject;
  /** Its cursor; without one it is read in full. */
  readonly cursor?: string;
  readonly key?: readonly string[];
}

export interface Played {
  readonly state: string;
  readonly warnings: string[];
  readonly text: string;
  readonly streams: {
    readonly stream: string;
    readonly state: string;
    readonly mode: string;
    readonly records: number;
    readonly rows: number;
    readonly lost?: number;
    readonly added?: number;
    readonly updated?: number;
    readonly deleted?: number;
    readonly table_rows?: number;
  }[];
  readonly log: string[];
}

/** Saves the script as the source `name`, and reads it. */
export async function play(
  server: TestServer,
  name: string,
  streams: readonly ScriptStream[],
  output: string,
  more: JsonObject & { sync?: JsonObject } = {},
): Promise<Played> {
  const { sync = {}, ...config } = more;
  const catalog = JSON.stringify(streams.map(streamJson));
  await server.call('save_source', {
    name,
    connector: SCRIPT,
    runtime: 'executable',
    config: { catalog, output, ...config },
  });
  const { sync_id } = await syncOut(server, { source: name, ...sync });
  return server.call<Played>('get_sync', { sync_id, log_lines: 200 });
}

/** A stream as a catalog has it. */
export function streamJson({ name, namespace, properties = {}, cursor, key = [] }: ScriptStream): JsonObject {
  return {
    name,
    ...(namespace ? { namespace } : {}),
    json_schema: { type: 'object', properties },
    supported_sync_modes: cursor ? ['full_refresh', 'incremental'] : ['full_refresh'],
    ...(cursor ? { source_defined_cursor: true, default_cursor_field: [cursor] } : {}),
    source_defined_primary_key: key.map((field) => [field]),
  };
}

/** A RECORD message without its line break. */
export function recordOf(stream: string, data: JsonObject, namespace?: string): string {
  return JSON.stringify({
    type: 'RECORD',
    record: { ...(namespace ? { namespace } : {}), stream, data, emitted_at: 1_700_000_000_000 },
  });
}

/** A STATE message of a stream without its line break. */
export function stateOf(stream: string, state: JsonObject, sent?: number): string {
  const own = { type: 'STREAM', stream: { stream_descriptor: { name: stream }, stream_state: state } };
  const stats = sent === undefined ? {} : { sourceStats: { recordCount: sent } };
  return JSON.stringify({ type: 'STATE', state: { ...own, ...stats } });
}

export async function rowsOf(server: TestServer, sql: string): Promise<unknown[][]> {
  return (await server.call<{ rows: unknown[][] }>('query', { sql })).rows;
}
