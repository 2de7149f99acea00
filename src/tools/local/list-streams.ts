import * as z from 'zod';
import { InputError } from '../../errors.ts';
import { type Catalog, findStreams, nearest, propertiesOf, type Stream, streamLabel } from '../../protocol/index.ts';
import { count, textTable } from '../text.ts';
import { defineTool } from '../tool.ts';
import { openSource, readableFields } from './readable-source.ts';
import { schemaPage } from './schema-page.ts';

const streamOutput = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  sync_modes: z.array(z.enum(['full_refresh', 'incremental'])),
  primary_key: z.array(z.string()),
  cursor: z.string().optional(),
  fields: z.number(),
  json_schema: z.record(z.string(), z.unknown()).optional(),
});

const MAX_LISTED = 300;
/** Characters of schemas: they appear in the text and in the data. */
const MAX_SCHEMA = 40_000;

export const listStreams = defineTool({
  name: 'list_streams',
  title: 'List the streams of a source',
  description:
    'List the streams of a source, saved or not: sync modes, primary key, cursor, number of fields. With stream: its JSON Schema, limited to fields that match search. The catalog is cached; refresh asks again.',
  input: z.strictObject({
    ...readableFields,
    search: z.string().optional(),
    stream: z.string().optional(),
    offset: z.int().min(0).optional().describe('streams, or fields of stream, to skip'),
    refresh: z.boolean().optional(),
  }),
  output: z.object({
    source: z.string(),
    streams: z.array(streamOutput),
    total: z.number(),
    truncated: z.boolean(),
    next_offset: z.number().optional(),
  }),
  realm: 'local',
  effect: 'run',
  async run({ search = '', stream, offset = 0, refresh, ...readable }, call) {
    const { services, signal, progress } = call;
    const control = { signal, progress };
    const { label: source, installed, config } = await openSource(readable, call);
    const catalog = await services.connectors.discover(installed, config, control, refresh ? 0 : undefined);
    const requested = search.toLowerCase();
    if (stream !== undefined) return oneStreamAnswer(source, catalog, oneStream(catalog, stream), requested, offset);
    const found = catalog.streams.filter(({ name }) => name.toLowerCase().includes(requested));
    const end = offset + MAX_LISTED;
    const streams = found.slice(offset, end).map((entry) => describeStream(catalog, entry));
    const truncated = end < found.length;
    const data = { source, streams, total: found.length, truncated, ...(truncated ? { next_offset: end } : {}) };
    if (found.length === 0) {
      const labels = catalog.streams.map((entry) => streamLabel(catalog, entry));
      const near = labels.length > 0 ? ` Similar names: ${nearest(search, labels).join(', ')}.` : '';
      return { text: `No stream of "${source}" matches.${near}`, data };
    }
    const part =
      streams.length < found.length
        ? `, ${streams.length} shown from offset ${offset}: narrow with search${truncated ? `, or continue with offset ${end}` : ''}`
        : '';
    return { text: `${count(found.length, 'stream')} of "${source}"${part}.\n${streamTable(streams)}`, data };
  },
});

type StreamOutput = z.infer<typeof streamOutput>;

function oneStreamAnswer(source: string, catalog: Catalog, found: readonly Stream[], search: string, offset: number) {
  const bytes = MAX_SCHEMA / found.length;
  const pages = found.map((entry) => schemaPage(entry.jsonSchema, search, offset, bytes));
  const streams = found.map((entry, at) => ({ ...describeStream(catalog, entry), json_schema: pages[at]?.schema }));
  const next = pages.flatMap((page) => page.next ?? []);
  const rest = next.length > 0 ? { next_offset: Math.min(...next) } : {};
  const text = [
    `${count(found.length, 'stream')} of "${source}".`,
    streamTable(streams),
    ...pages.flatMap(({ schema, note }) => [JSON.stringify(schema), ...(note ? [note] : [])]),
  ].join('\n');
  return { text, data: { source, streams, total: found.length, truncated: next.length > 0, ...rest } };
}

function streamTable(streams: readonly StreamOutput[]): string {
  const rows = streams.map((entry) => [
    entry.namespace ? `${entry.name} (${entry.namespace})` : entry.name,
    entry.sync_modes.join(', '),
    entry.primary_key.join(', ') || '-',
    entry.cursor ?? '-',
    String(entry.fields),
  ]);
  return textTable(['stream', 'sync modes', 'primary key', 'cursor', 'fields'], rows);
}

function oneStream(catalog: Catalog, label: string): Stream[] {
  const found = findStreams(catalog, label);
  if (found.length > 0) return found;
  const labels = catalog.streams.map((stream) => streamLabel(catalog, stream));
  throw new InputError(
    'unknown_stream',
    `Unknown stream ${JSON.stringify(label.slice(0, 80))}.`,
    `Similar names: ${nearest(label, labels).join(', ')}.`,
  );
}

function describeStream(catalog: Catalog, stream: Stream): StreamOutput {
  return {
    name: streamLabel(catalog, stream),
    namespace: stream.namespace,
    sync_modes: stream.incremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
    primary_key: stream.primaryKey.map((path) => path.join('.')),
    cursor: stream.defaultCursorField.join('.') || undefined,
    fields: propertiesOf(stream.jsonSchema).size,
  };
}
