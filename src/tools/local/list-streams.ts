import * as z from 'zod';
import { InputError } from '../../errors.ts';
import { type Catalog, findStreams, nearest, propertiesOf, type Stream, streamLabel } from '../../protocol/index.ts';
import { count, textTable } from '../text.ts';
import { defineTool } from '../tool.ts';
import { openSource, readableFields } from './readable-source.ts';

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

export const listStreams = defineTool({
  name: 'list_streams',
  title: 'List the streams of a source',
  description:
    'The catalog of a source, saved or not: sync modes, primary key, cursor, number of fields. With stream: its JSON Schema. The catalog is kept; refresh asks the connector again.',
  input: z.strictObject({
    ...readableFields,
    search: z.string().optional(),
    stream: z.string().optional(),
    refresh: z.boolean().optional(),
  }),
  output: z.object({ source: z.string(), streams: z.array(streamOutput), total: z.number(), truncated: z.boolean() }),
  realm: 'local',
  effect: 'run',
  async run({ search = '', stream, refresh, ...readable }, call) {
    const { services, signal, progress } = call;
    const control = { signal, progress };
    const { label: source, installed, config } = await openSource(readable, call);
    const catalog = await services.connectors.discover(installed, config, control, refresh ? 0 : undefined);
    const wanted = search.toLowerCase();
    const found =
      stream === undefined
        ? catalog.streams.filter(({ name }) => name.toLowerCase().includes(wanted))
        : oneStream(catalog, stream);
    const shown = found.slice(0, MAX_LISTED);
    const streams = shown.map((entry) => describeStream(catalog, entry, stream !== undefined));
    const data = { source, streams, total: found.length, truncated: shown.length < found.length };
    const rows = streams.map((entry) => [
      entry.namespace ? `${entry.name} (${entry.namespace})` : entry.name,
      entry.sync_modes.join(', '),
      entry.primary_key.join(', ') || '-',
      entry.cursor ?? '-',
      String(entry.fields),
    ]);
    if (found.length === 0) {
      const labels = catalog.streams.map((entry) => streamLabel(catalog, entry));
      const near = labels.length > 0 ? ` Near names: ${nearest(search, labels).join(', ')}.` : '';
      return { text: `No stream of "${source}" matches.${near}`, data };
    }
    const text = [
      `${count(found.length, 'stream')} of "${source}"${data.truncated ? `, the first ${MAX_LISTED} shown: narrow with search` : ''}.`,
      textTable(['stream', 'sync modes', 'primary key', 'cursor', 'fields'], rows),
      ...streams.flatMap(({ json_schema: schema }) => (schema ? [JSON.stringify(schema)] : [])),
    ].join('\n');
    return { text, data };
  },
});

function oneStream(catalog: Catalog, label: string): Stream[] {
  const found = findStreams(catalog, label);
  if (found.length > 0) return found;
  const labels = catalog.streams.map((stream) => streamLabel(catalog, stream));
  throw new InputError(
    'unknown_stream',
    `There is no stream ${JSON.stringify(label.slice(0, 80))}.`,
    `Near names: ${nearest(label, labels).join(', ')}.`,
  );
}

function describeStream(catalog: Catalog, stream: Stream, withSchema: boolean): z.infer<typeof streamOutput> {
  return {
    name: streamLabel(catalog, stream),
    namespace: stream.namespace,
    sync_modes: stream.incremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
    primary_key: stream.primaryKey.map((path) => path.join('.')),
    cursor: stream.defaultCursorField.join('.') || undefined,
    fields: propertiesOf(stream.jsonSchema).size,
    ...(withSchema ? { json_schema: stream.jsonSchema } : {}),
  };
}
