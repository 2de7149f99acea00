/** A sync as the tools show it: the same fields for start_sync, get_sync and cancel_sync. */
import * as z from 'zod';
import { type CacheKind, sqlName } from '../../cache/index.ts';
import type { SyncStatus } from '../../sync/index.ts';
import { asData, bytesText, count, textTable } from '../text.ts';

export const syncStates = ['running', 'complete', 'incomplete', 'failed', 'cancelled', 'interrupted'] as const;

export const syncOutput = z.object({
  sync_id: z.string(),
  source: z.string(),
  destination: z.string().optional(),
  state: z.enum(syncStates),
  started_at: z.string(),
  ended_at: z.string().optional(),
  records: z.number(),
  bytes: z.number(),
  records_per_second: z.number().optional(),
  dataset: z.string().optional(),
  streams: z.array(
    z.object({
      stream: z.string(),
      state: z.string(),
      mode: z.string(),
      table: z.string().optional(),
      records: z.number(),
      rows: z.number().optional(),
      confirmed: z.number().optional(),
      added: z.number().optional(),
      updated: z.number().optional(),
      deleted: z.number().optional(),
      replaced: z.number().optional(),
      late: z.number().optional(),
      lost: z.number().optional(),
      table_rows: z.number().optional(),
      columns: z.array(z.string()).optional(),
      changed_values: z.record(z.string(), z.number()).optional(),
      bytes: z.number(),
      committed_state: z.boolean(),
      error: z.string().optional(),
    }),
  ),
  errors: z.array(
    z.object({
      message: z.string(),
      failure_type: z.string(),
      stream: z.string().optional(),
      from: z.string().optional(),
    }),
  ),
  warnings: z.array(z.string()),
  next: z.string(),
  log: z.array(z.string()).optional(),
  recent: z
    .array(
      z.object({
        sync_id: z.string(),
        source: z.string(),
        destination: z.string().optional(),
        state: z.string(),
        started_at: z.string(),
      }),
    )
    .optional(),
  already_running: z.boolean().optional(),
});
const MAX_COLUMNS = 200;
const COLUMNS_IN_TEXT = 40;
const STREAMS_WITH_COLUMNS = 8;

export type SyncOutput = z.infer<typeof syncOutput>;

/** @param logIsComplete whether the answer shows the complete log too */
export function syncData(status: SyncStatus, logIsComplete = false): SyncOutput {
  return {
    sync_id: status.sync_id,
    source: status.source,
    destination: status.destination,
    state: status.state,
    started_at: status.started_at,
    ended_at: status.ended_at,
    records: status.records,
    bytes: status.bytes,
    records_per_second: status.records_per_second,
    dataset: status.dataset,
    streams: status.streams.map(({ columns, ...stream }) => ({
      ...stream,
      ...(columns === undefined ? {} : { columns: columns.slice(0, MAX_COLUMNS) }),
    })),
    errors: status.errors.map((error) => ({ ...error })),
    warnings: [...status.warnings],
    next: nextStep(status, logIsComplete),
  };
}

/** @param kind of the cache: names are shown as they have to be written in its SQL */
export function syncText(data: SyncOutput, kind: CacheKind): string {
  return [
    `Sync ${data.sync_id} of "${data.source}"${data.destination ? ` into the destination "${data.destination}"` : ''}: ${data.state}. ${count(data.records, 'record')} read (${bytesText(data.bytes)}).`,
    ...(data.streams.length > 0 ? [streamTable(data)] : []),
    ...(data.errors.length > 0 ? [asData('errors', data.errors.map(errorText).join('\n'))] : []),
    ...data.streams.flatMap((stream) => changedText(stream, data.dataset, kind)),
    ...data.streams.slice(0, STREAMS_WITH_COLUMNS).flatMap((stream) => columnsText(stream, kind)),
    ...data.warnings.map((warning) => `Warning: ${warning}`),
    ...(data.log ? [asData('sync log', data.log.join('\n'))] : []),
    ...(data.recent && data.recent.length > 1
      ? [
          `Recent: ${data.recent.map(({ sync_id: id, source, destination, state }) => `${id} (${source}${destination ? ` into ${destination}` : ''}, ${state})`).join('; ')}`,
        ]
      : []),
    `Next: ${data.next}`,
  ].join('\n');
}

function streamTable({ streams, destination }: SyncOutput): string {
  const number = (value: number | undefined): string => (value === undefined ? '-' : value.toLocaleString('en-US'));
  if (destination !== undefined) {
    return textTable(
      ['stream', 'state', 'mode', 'records', 'confirmed', 'bytes'],
      streams.map(({ stream, state, mode, records, confirmed, bytes }) => [
        stream,
        state,
        mode,
        number(records),
        number(confirmed),
        bytesText(bytes),
      ]),
    );
  }
  return textTable(
    ['stream', 'state', 'mode', 'records', 'added', 'updated', 'deleted', 'rows now', 'bytes'],
    streams.map(({ stream, state, mode, records, added, updated, deleted, table_rows: now, bytes }) => [
      stream,
      state,
      mode,
      number(records),
      number(added),
      number(updated),
      number(deleted),
      number(now),
      bytesText(bytes),
    ]),
  );
}

function columnsText({ stream, columns }: SyncOutput['streams'][number], kind: CacheKind): string[] {
  if (columns === undefined || columns.length === 0) return [];
  const shown = columns
    .slice(0, COLUMNS_IN_TEXT)
    .map((name) => sqlName(name, kind))
    .join(', ');
  return [`${stream} has ${count(columns.length, 'column')}: ${shown}${columns.length > COLUMNS_IN_TEXT ? ', …' : ''}`];
}

function errorText({ from, stream, message }: SyncOutput['errors'][number]): string {
  return [...(from ? [from] : []), ...(stream ? [stream] : []), message].join(': ');
}

/** Works in both databases: one writes a space into the JSON, the other does not. */
function changedText(
  { stream, table = '', rows, changed_values: changed, replaced, late }: SyncOutput['streams'][number],
  dataset = '',
  kind: CacheKind,
): string[] {
  const fields = Object.entries(changed ?? {}).map(([field, values]) => `${field} ${values.toLocaleString('en-US')}`);
  return [
    ...(replaced === undefined || replaced === 0
      ? []
      : [`${stream}: was read in full; ${count(rows ?? 0, 'row')} replaced ${replaced.toLocaleString('en-US')}.`]),
    ...(late
      ? [
          `${stream}: ${count(late, 'record')} changed nothing, because the table has a row with the same key and a greater cursor.`,
        ]
      : []),
    ...(fields.length > 0
      ? [
          `${stream}: values that did not fit their column were changed (${fields.join(', ')}); each is noted in its row: SELECT _airbyte_meta FROM ${sqlName(dataset, kind)}.${sqlName(table, kind)} WHERE CAST(_airbyte_meta AS VARCHAR) NOT LIKE '%[]}'.`,
        ]
      : []),
  ];
}

function nextStep(
  { state, sync_id: id, dataset, source, destination, errors }: SyncStatus,
  logIsComplete: boolean,
): string {
  const cause =
    nextByCause(errors, source) ??
    (logIsComplete ? undefined : `get_sync with sync_id "${id}" and log_lines 50 tells more`);
  if (destination !== undefined) return nextToDestination({ state, id, source, destination, cause });
  switch (state) {
    case 'running':
      return `get_sync with sync_id "${id}" and wait_seconds; cancel_sync ends it and keeps what is committed.`;
    case 'complete':
      return `describe_data with dataset "${dataset}", then query.`;
    case 'interrupted':
    case 'cancelled':
      return `start_sync with source "${source}" continues from the last committed state.`;
    default:
      return [...(cause === undefined ? [] : [cause]), 'what is committed can be queried.'].join('; ');
  }
}

/** By the class that the connector gave its own failure. */
function nextByCause(errors: SyncStatus['errors'], source: string): string | undefined {
  const kinds = new Set(errors.map(({ failure_type: kind }) => kind));
  if (kinds.has('config_error'))
    return `correct what the error names: a password or token in the env file (a person), the rest with save_source and the name "${source}"; then start_sync`;
  if (kinds.size === 1 && kinds.has('transient_error'))
    return 'the service was not ready: start_sync later continues from the last committed state';
  return undefined;
}

function nextToDestination(sync: {
  readonly state: SyncStatus['state'];
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  readonly cause: string | undefined;
}): string {
  const again = `start_sync with source "${sync.source}" and destination "${sync.destination}"`;
  switch (sync.state) {
    case 'running':
      return `get_sync with sync_id "${sync.id}" and wait_seconds; cancel_sync ends it and keeps what is confirmed.`;
    case 'complete':
      return `look at the data where "${sync.destination}" writes them; ${again} continues from the stored state.`;
    case 'interrupted':
    case 'cancelled':
      return `${again} continues from the last state that the destination returned.`;
    default:
      return [...(sync.cause === undefined ? [] : [sync.cause]), `${again} continues from what is confirmed.`].join(
        '; ',
      );
  }
}
