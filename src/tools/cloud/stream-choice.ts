/** Which streams a connection reads, and how: checks the request against what Airbyte offers. */
import * as z from 'zod';
import type { ConnectionStream, OfferedStream } from '../../cloud/index.ts';
import { InputError } from '../../errors.ts';
import { findStreams, nearest, streamLabel } from '../../protocol/index.ts';

export const streamRequests = z.array(
  z.strictObject({
    stream: z.string(),
    mode: z.string().optional().describe('such as incremental_append'),
    cursor_field: z.string().optional(),
    primary_key: z.array(z.string()).optional(),
    fields: z.array(z.string()).optional().describe('to read; [] for all'),
  }),
);
export type StreamRequest = z.infer<typeof streamRequests>[number];

type Path = readonly string[];

/**
 * @param before the present streams of the connection: what a request leaves out is unchanged
 * @throws InputError for names, modes, cursors and keys that Airbyte does not offer
 */
export function chooseStreams(
  offered: readonly OfferedStream[],
  requests: readonly StreamRequest[],
  before: readonly ConnectionStream[] = [],
): ConnectionStream[] {
  if (requests.length === 0) throw noStreams(offered);
  const chosen = new Set<OfferedStream>();
  return requests.map((request) => {
    const stream = findOne(offered, request.stream);
    const label = streamLabel({ streams: offered }, stream);
    if (chosen.has(stream)) {
      throw new InputError('stream_twice', `The stream "${label}" is named twice.`, 'Name each stream once.');
    }
    chosen.add(stream);
    return choose(stream, label, request, knownOf(stream, before));
  });
}

/** Older servers do not return the namespace of a connection's streams. */
function knownOf(stream: OfferedStream, before: readonly ConnectionStream[]): ConnectionStream | undefined {
  const twins = before.filter(({ name }) => name === stream.name);
  const exact = twins.find(({ namespace }) => namespace === stream.namespace);
  return exact ?? (twins.length === 1 && twins[0]?.namespace === undefined ? twins[0] : undefined);
}

/** @throws InputError `no_streams` listing those that there are */
export function noStreams(offered: readonly OfferedStream[]): InputError {
  const labels = offered.map((stream) => streamLabel({ streams: offered }, stream));
  return new InputError(
    'no_streams',
    'A connection needs streams.',
    'Give streams, such as [{"stream": NAME}], or from_source with a saved local source that was synced.',
    { details: { offered: labels.slice(0, MAX_LISTED), total: labels.length } },
  );
}

const MAX_LISTED = 200;

function choose(
  stream: OfferedStream,
  label: string,
  request: StreamRequest,
  before: ConnectionStream | undefined,
): ConnectionStream {
  const key = keyOf(stream, label, request) ?? (stream.primaryKey.length > 0 ? undefined : before?.primaryKey);
  const given = cursorOf(stream, label, request) ?? (stream.sourceDefinedCursor ? undefined : before?.cursorField);
  const hasCursor = stream.sourceDefinedCursor || (given ?? stream.defaultCursorField).length > 0;
  const hasKey = (key ?? stream.primaryKey).length > 0;
  const mode = request.mode ?? before?.mode ?? defaultMode(stream, hasCursor, hasKey);
  const modes = writableModes(stream);
  // Present values remain allowed, even if they are no longer offered.
  if (mode !== before?.mode && !modes.includes(mode)) {
    throw new InputError(
      'mode_not_offered',
      `The mode ${JSON.stringify(mode.slice(0, 60))} is not offered for "${label}" and this destination.`,
      `Use one of: ${modes.join(', ')}.`,
    );
  }
  const isIncremental = mode.startsWith('incremental');
  if (isIncremental && !hasCursor) {
    throw new InputError(
      'cursor_needed',
      `The stream "${label}" needs a cursor field to be read incrementally.`,
      'Give cursor_field for it, a field that grows with each change, or use a full_refresh mode.',
    );
  }
  if (!isIncremental && request.cursor_field !== undefined) {
    throw new InputError(
      'cursor_not_used',
      `The mode ${mode} of "${label}" uses no cursor field.`,
      'Leave cursor_field out, or use an incremental mode.',
    );
  }
  if (/dedup|update|soft_delete/.test(mode) && !hasKey) {
    throw new InputError(
      'primary_key_needed',
      `The mode ${mode} of "${label}" needs a primary key, and the stream has none of its own.`,
      'Give primary_key for it, such as ["id"], or use a mode that appends or overwrites.',
    );
  }
  const { name, namespace } = stream;
  const cursorField = isIncremental ? given : undefined;
  const needed = [...(key ?? stream.primaryKey), ...(isIncremental ? [given ?? stream.defaultCursorField] : [])];
  const fields = request.fields === undefined ? before?.fields : chosenFields(stream, label, request.fields, needed);
  return { name, namespace, mode, cursorField, primaryKey: key, fields, rest: before?.rest };
}

/** Undefined for all. Airbyte requires the key and the cursor, so they are added. */
function chosenFields(
  stream: OfferedStream,
  label: string,
  requested: readonly string[],
  needed: readonly Path[],
): Path[] | undefined {
  if (requested.length === 0) return undefined;
  const known = stream.fields.map((path) => path.join('.'));
  // A selected object includes everything in it; Airbyte decides whether a part of it can be selected.
  const unknown = requested.find(
    (name) => known.length > 0 && !known.includes(name) && !known.includes(name.split('.')[0] ?? ''),
  );
  if (unknown !== undefined) {
    throw new InputError(
      'unknown_field',
      `The stream "${label}" has no field ${JSON.stringify(unknown.slice(0, 80))}.`,
      `Similar names: ${nearest(unknown, known).join(', ')}.`,
    );
  }
  const all = [...requested, ...needed.map((path) => path.join('.'))].filter((name) => name !== '');
  return [...new Set(all)].map((name) =>
    known.includes(name) ? (stream.fields[known.indexOf(name)] ?? []) : name.split('.'),
  );
}

/** Airbyte never lists one of the modes, but accepts it if these two are offered. */
function writableModes({ modes }: OfferedStream): readonly string[] {
  const made = 'full_refresh_overwrite_deduped';
  const isTaken = ['full_refresh_overwrite', 'incremental_deduped_history'].every((mode) => modes.includes(mode));
  return isTaken && !modes.includes(made) ? [...modes, made] : modes;
}

function defaultMode({ modes }: OfferedStream, hasCursor: boolean, hasKey: boolean): string {
  const requested = [
    ...(hasCursor && hasKey ? ['incremental_deduped_history'] : []),
    ...(hasCursor ? ['incremental_append'] : []),
    'full_refresh_overwrite',
  ];
  return requested.find((mode) => modes.includes(mode)) ?? modes[0] ?? 'full_refresh_overwrite';
}

/** Only if the source defines none: Airbyte rejects a value for what the source defines. */
function cursorOf(stream: OfferedStream, label: string, { cursor_field: field }: StreamRequest): Path | undefined {
  if (field === undefined) return undefined;
  const path = field.split('.');
  if (!stream.sourceDefinedCursor) return path;
  if (sameText([path], [stream.defaultCursorField])) return undefined;
  throw definedBySource('cursor_field', label, stream.defaultCursorField.join('.'));
}

function keyOf(stream: OfferedStream, label: string, { primary_key: fields }: StreamRequest): Path[] | undefined {
  if (fields === undefined) return undefined;
  const paths = fields.map((field) => field.split('.'));
  if (stream.primaryKey.length === 0) return paths;
  if (sameText(paths, stream.primaryKey)) return undefined;
  throw definedBySource('primary_key', label, stream.primaryKey.map((path) => path.join('.')).join(', '));
}

function sameText(one: readonly Path[], other: readonly Path[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function definedBySource(field: 'cursor_field' | 'primary_key', label: string, own: string): InputError {
  return new InputError(
    `${field}_defined_by_source`,
    `The source itself defines the ${field} of "${label}"${own ? `: ${own}` : ''}.`,
    `Leave ${field} out for it.`,
  );
}

function findOne(offered: readonly OfferedStream[], name: string): OfferedStream {
  const labels = offered.map((stream) => streamLabel({ streams: offered }, stream));
  const [found, second] = findStreams({ streams: offered }, name);
  if (!found) {
    throw new InputError(
      'unknown_stream',
      `The source offers no stream ${JSON.stringify(name.slice(0, 80))}.`,
      labels.length > 0 ? `Similar names: ${nearest(name, labels).join(', ')}.` : 'It offers no streams at all.',
    );
  }
  if (second) {
    const meant = findStreams({ streams: offered }, name).map((stream) => streamLabel({ streams: offered }, stream));
    throw new InputError(
      'ambiguous_stream',
      `Several streams are called "${name}".`,
      `Write one of: ${meant.join(', ')}.`,
    );
  }
  return found;
}
