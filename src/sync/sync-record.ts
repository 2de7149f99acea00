/** The record of a running sync, and the status that users see. */
import type { PreparedSync } from '../cache/index.ts';
import type { ConfiguredStream } from '../protocol/index.ts';
import { type Redactor, type ResolvedConfig, redactBeginning } from '../secrets/index.ts';
import { type DeliveryRun, deliverySummary } from './deliver/delivery-run.ts';
import type { StreamOption } from './modes.ts';
import { isCommitted, setOutcome } from './stream-progress.ts';
import { type StreamRun, summaryOf } from './stream-run.ts';
import type { StreamSummary, SyncFailure, SyncState, SyncStatus } from './types.ts';

/** Mutable; texts are as the connector wrote them: they are redacted when they are shown. */
export interface SyncRecord {
  readonly syncId: string;
  readonly source: string;
  /** Name of the saved destination, where the records do not go into the cache. */
  readonly destination?: string | undefined;
  readonly dataset: string;
  readonly startedAt: Date;
  /** Labels of the streams, in the order of the request. */
  readonly labels: readonly string[];
  readonly configured: readonly ConfiguredStream[];
  readonly options: readonly StreamOption[];
  prepared: PreparedSync | undefined;
  runs: StreamRun[];
  /** Replaces `runs` where there is a destination. */
  deliveries: DeliveryRun[];
  state: SyncState;
  endedAt: Date | undefined;
  readonly errors: SyncFailure[];
  readonly warnings: Set<string>;
  /** Milliseconds that the connector may be silent after its first message. */
  readonly silenceMs: number;
  /** Possible reasons why a connector rejects its secrets. */
  readonly suspicions: readonly string[];
  /** Stores the configuration that the connector reports. */
  readonly keepUpdate?: ResolvedConfig['keepUpdate'];
}

/** The part of a record that is known before the sync begins. */
type Beginning = Pick<
  SyncRecord,
  | 'syncId'
  | 'source'
  | 'destination'
  | 'dataset'
  | 'labels'
  | 'configured'
  | 'options'
  | 'silenceMs'
  | 'suspicions'
  | 'keepUpdate'
>;

export function beginRecord(beginning: Beginning): SyncRecord {
  return {
    ...beginning,
    startedAt: new Date(),
    prepared: undefined,
    runs: [],
    deliveries: [],
    state: 'running',
    endedAt: undefined,
    errors: [],
    warnings: new Set(),
  };
}

const MAX_ERRORS = 50;
const MAX_WARNINGS = 30;
/** Notes about tables leave space for warnings about losses. */
const MAX_NOTES = 15;
const MAX_MESSAGE_LENGTH = 2_000;
/** Raw characters stored of a message, far more than are shown. */
const MAX_RAW_LENGTH = 64 * 1024;

export function addError(record: SyncRecord, failure: SyncFailure): void {
  // Reading and the end of the sync may both report a full disk.
  const isKnown = record.errors.some(({ message, stream }) => message === failure.message && stream === failure.stream);
  if (!isKnown && record.errors.length < MAX_ERRORS) {
    record.errors.push({ ...failure, message: failure.message.slice(0, MAX_RAW_LENGTH) });
  }
}

export function addWarning(record: SyncRecord, warning: string): void {
  if (record.warnings.size < MAX_WARNINGS) record.warnings.add(warning);
}

/** Adds a note: less important than a warning, and dropped first. */
export function addNote(record: SyncRecord, note: string): void {
  if (record.warnings.size < MAX_NOTES) record.warnings.add(note);
}

/** Adds suspicions to a failure: the format of secrets in the env file may be the cause. */
export function warnOfSecrets(record: SyncRecord): void {
  if (record.errors.length > 0) for (const suspicion of record.suspicions) addWarning(record, suspicion);
}

/** Ends a sync whose streams were not settled because it ended early. */
export function endUnsettled(record: SyncRecord, state: 'cancelled' | 'interrupted' | 'failed'): void {
  record.state = state;
  record.endedAt = new Date();
  for (const run of record.runs) if (!isCommitted(run)) setOutcome(run, state);
  for (const run of record.deliveries) setOutcome(run, state);
}

export function statusOf(record: SyncRecord, redactor: Redactor): SyncStatus {
  // Names are used again by the next sync: only what is surely secret is redacted in them.
  const name = (text: string): string => redactor.redact(text, 'data');
  const runs = record.destination === undefined ? record.runs.map(summaryOf) : record.deliveries.map(deliverySummary);
  const streams = runs.length > 0 ? runs : record.labels.map((label, index) => waiting(record, label, index));
  const records = streams.reduce((sum, stream) => sum + stream.records, 0);
  const seconds = ((record.endedAt ?? new Date()).getTime() - record.startedAt.getTime()) / 1000;
  const messages = redactor.redactAll(
    record.errors.map(({ message }) => redactCut(message, redactor)),
    'connector',
  );
  // A secret may be spread over several errors: a stream shows what was redacted among the others.
  const errorOf = ({ stream }: StreamSummary): string => {
    const index = record.errors.findIndex((error) => error.stream === stream);
    return (messages[index] ?? 'The connector reported an error.').slice(0, MAX_MESSAGE_LENGTH);
  };
  return {
    sync_id: record.syncId,
    source: record.source,
    ...(record.destination === undefined ? {} : { destination: record.destination }),
    state: record.state,
    started_at: record.startedAt.toISOString(),
    ...(record.endedAt ? { ended_at: record.endedAt.toISOString() } : {}),
    streams: streams.map((stream) => ({
      ...stream,
      stream: name(stream.stream),
      ...(stream.table === undefined ? {} : { table: name(stream.table) }),
      // A source may name its fields as it likes.
      ...(stream.columns === undefined ? {} : { columns: stream.columns.map(name) }),
      ...(stream.changed_values === undefined ? {} : { changed_values: withNames(stream.changed_values, name) }),
      ...(stream.error === undefined ? {} : { error: errorOf(stream) }),
    })),
    records,
    bytes: streams.reduce((sum, stream) => sum + stream.bytes, 0),
    records_per_second: seconds > 0 ? Math.round(records / seconds) : 0,
    errors: record.errors.map((error, index) => ({
      ...error,
      message: (messages[index] ?? '').slice(0, MAX_MESSAGE_LENGTH),
      ...(error.stream === undefined ? {} : { stream: name(error.stream) }),
    })),
    warnings: redactor.redactAll([...record.warnings], 'connector'),
    ...(record.options.length > 0 ? { options: record.options } : {}),
    ...(record.destination === undefined ? { dataset: record.dataset } : {}),
    tables: streams.flatMap(({ table }) => (table ? [name(table)] : [])),
  };
}

function withNames(counts: Readonly<Record<string, number>>, name: (text: string) => string): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([field, count]) => [name(field), count]));
}

/** A message that was cut may end in half a secret, which the redactor would not know. */
function redactCut(message: string, redactor: Redactor): string {
  if (message.length < MAX_RAW_LENGTH) return message;
  return redactBeginning(message, { redactor, level: 'connector', shown: MAX_RAW_LENGTH, isComplete: false }).text;
}

function waiting(record: SyncRecord, label: string, index: number): StreamSummary {
  return {
    stream: label,
    state: record.state === 'running' ? 'pending' : record.state,
    mode: record.configured[index]?.mode ?? 'full_refresh_overwrite',
    ...(record.destination === undefined ? { table: '', rows: 0 } : { confirmed: 0 }),
    records: 0,
    bytes: 0,
    committed_state: false,
  };
}
