/** Which streams a sync reads, and how. */
import { InputError } from '../errors.ts';
import {
  type Catalog,
  type ConfiguredStream,
  findStreams,
  nearest,
  propertiesOf,
  type Stream,
  type SyncMode,
  streamLabel,
} from '../protocol/index.ts';

export interface StreamOption {
  readonly stream: string;
  readonly mode?: SyncMode | undefined;
  readonly cursorField?: string | undefined;
  readonly primaryKey?: readonly string[] | undefined;
}

export function isIncrementalMode(mode: SyncMode): boolean {
  return mode.startsWith('incremental');
}

/** Chooses by what the stream offers: incremental with a cursor, deduplicated with a key; else a full refresh. */
export function defaultMode(stream: Stream, option: Omit<StreamOption, 'stream' | 'mode'> = {}): SyncMode {
  const hasCursor = option.cursorField || stream.sourceDefinedCursor || stream.defaultCursorField.length > 0;
  if (!stream.incremental || !hasCursor) return 'full_refresh_overwrite';
  return (option.primaryKey ?? stream.primaryKey).length > 0 ? 'incremental_deduped_history' : 'incremental_append';
}

/**
 * The streams of these names, each with its mode, cursor and key; `choose` gives the mode where no option does.
 * @throws InputError for unknown, ambiguous and repeated names, modes that a stream does not offer, cursors, keys
 */
export function configureStreams(
  catalog: Catalog,
  names: readonly string[],
  options: readonly StreamOption[] = [],
  choose: typeof defaultMode = defaultMode,
): ConfiguredStream[] {
  if (names.length === 0) throw noStreams();
  const chosen = names.map((name) => findOne(catalog, name));
  for (const [index, stream] of chosen.entries()) {
    if (chosen.indexOf(stream) < index) {
      throw new InputError(
        'stream_twice',
        `The stream "${streamLabel(catalog, stream)}" is named twice.`,
        'Name each stream once.',
      );
    }
  }
  const byStream = new Map<Stream, StreamOption>();
  for (const option of options) {
    const stream = findOne(catalog, option.stream);
    const label = streamLabel(catalog, stream);
    if (!chosen.includes(stream)) {
      throw new InputError(
        'option_without_stream',
        `There are options for "${label}", which this sync does not read.`,
        `Add "${label}" to streams, or leave its options out.`,
      );
    }
    if (byStream.has(stream)) {
      throw new InputError('option_twice', `There are two options for "${label}".`, 'Give each stream one.');
    }
    byStream.set(stream, option);
  }
  return chosen.map((stream) => configure(stream, streamLabel(catalog, stream), byStream.get(stream), choose));
}

export function noStreams(): InputError {
  return new InputError('no_streams', 'The sync has no streams.', 'Name at least one stream; list_streams shows them.');
}

function configure(
  stream: Stream,
  label: string,
  option: StreamOption | undefined,
  choose: typeof defaultMode,
): ConfiguredStream {
  const mode = option?.mode ?? choose(stream, option);
  const primaryKey =
    option?.primaryKey?.map((field) => fieldPath(stream, label, field, 'unknown_key_field')) ?? stream.primaryKey;
  if (mode === 'incremental_deduped_history' && primaryKey.length === 0) {
    throw new InputError(
      'primary_key_needed',
      `The mode ${mode} of "${label}" needs a primary key, and the stream has none of its own.`,
      `Give primary_key for it (a list of fields, such as ${fieldsOf(stream).slice(0, 5).join(', ') || 'id'}), or use incremental_append.`,
    );
  }
  const cursorField = cursorOf(stream, label, mode, option?.cursorField);
  return { stream, mode, cursorField, primaryKey };
}

function cursorOf(stream: Stream, label: string, mode: SyncMode, given: string | undefined): readonly string[] {
  if (!mode.startsWith('incremental')) {
    if (given === undefined) return [];
    throw new InputError(
      'cursor_not_used',
      `The mode ${mode} of "${label}" uses no cursor field.`,
      'Leave cursor_field out, or use an incremental mode.',
    );
  }
  if (!stream.incremental) {
    throw new InputError(
      'mode_not_supported',
      `The stream "${label}" cannot be read incrementally.`,
      'Use full_refresh_overwrite for it.',
    );
  }
  if (given === undefined) {
    if (stream.sourceDefinedCursor || stream.defaultCursorField.length > 0) return stream.defaultCursorField;
    throw new InputError(
      'cursor_needed',
      `The stream "${label}" needs a cursor field to be read incrementally.`,
      `Give cursor_field for it, one of: ${fieldsOf(stream).slice(0, 20).join(', ') || 'a field of its records'}.`,
    );
  }
  const path = splitField(stream, given);
  const isOwn = path.join('.') === stream.defaultCursorField.join('.');
  if (stream.sourceDefinedCursor && !isOwn) {
    throw new InputError(
      'cursor_defined_by_source',
      `The source itself defines the cursor of "${label}".`,
      `Leave cursor_field out for it${stream.defaultCursorField.length > 0 ? `; it is ${stream.defaultCursorField.join('.')}` : ''}.`,
    );
  }
  return fieldPath(stream, label, given, 'unknown_cursor_field');
}

/** @throws InputError for a field that the stream does not have; a stream that names no fields may have any */
function fieldPath(
  stream: Stream,
  label: string,
  given: string,
  code: 'unknown_key_field' | 'unknown_cursor_field',
): readonly string[] {
  const path = splitField(stream, given);
  const [first = ''] = path;
  const fields = fieldsOf(stream);
  if (fields.length > 0 && !fields.includes(first)) {
    throw new InputError(
      code,
      `The stream "${label}" has no field ${JSON.stringify(given.slice(0, 80))}.`,
      `Did you mean ${nearest(given, fields).join(', ')}?`,
    );
  }
  return path;
}

// A name with a dot in it is a field; else the dots lead into one.
function splitField(stream: Stream, given: string): readonly string[] {
  return fieldsOf(stream).includes(given) ? [given] : given.split('.');
}

function fieldsOf(stream: Stream): string[] {
  return [...propertiesOf(stream.jsonSchema).keys()];
}

function findOne(catalog: Catalog, name: string): Stream {
  const [found, second] = findStreams(catalog, name);
  const labels = catalog.streams.map((stream) => streamLabel(catalog, stream));
  if (!found) {
    throw new InputError(
      'unknown_stream',
      `The source has no stream ${JSON.stringify(name.slice(0, 80))}.`,
      labels.length > 0 ? `Near names: ${nearest(name, labels).join(', ')}.` : 'The source offers no streams at all.',
    );
  }
  if (second) {
    const meant = findStreams(catalog, name).map((stream) => streamLabel(catalog, stream));
    throw new InputError(
      'ambiguous_stream',
      `Several streams are called "${name}".`,
      `Write one of: ${meant.join(', ')}.`,
    );
  }
  return found;
}
