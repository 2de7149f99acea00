import * as z from 'zod';
import { previewStreams } from '../../sync/index.ts';
import { asData, cellText, count, textTable } from '../text.ts';
import { defineTool } from '../tool.ts';
import { openSource, readableFields } from './readable-source.ts';

const MAX_CELL = 300;
const MAX_COLUMNS_IN_TEXT = 30;

export const previewStream = defineTool({
  name: 'preview_stream',
  title: 'Preview records',
  description: 'Read the first records of streams straight from a source, saved or not, without storing them.',
  input: z.strictObject({
    ...readableFields,
    streams: z.array(z.string()).min(1).max(20),
    limit: z.int().min(1).max(100).default(10),
  }),
  output: z.object({
    source: z.string(),
    streams: z.array(
      z.object({
        stream: z.string(),
        records: z.array(z.record(z.string(), z.unknown())),
        cells_cut: z.number(),
        complete: z.boolean(),
      }),
    ),
    errors: z.array(z.string()),
  }),
  realm: 'local',
  effect: 'run',
  async run({ streams: names, limit, ...readable }, call) {
    const { services, signal, progress } = call;
    const control = { signal, progress };
    const { label: source, installed, config } = await openSource(readable, call);
    const catalog = await services.connectors.discover(installed, config, control);
    progress(`reading up to ${count(limit, 'record')} of ${names.join(', ')}`);
    const found = await previewStreams(
      services.connectors,
      { installed, config, catalog, names, limit },
      control,
      services.vault.redactor,
    );
    const streams = found.streams.map(({ stream, records, complete }) => {
      // Redacted before it is cut: half a secret would not be recognised.
      const redacted = services.vault.redactor.redactValue(records, 'data') as typeof records;
      const cut = redacted.map(cutCells);
      return {
        stream,
        records: cut.map(({ record }) => record),
        cells_cut: cut.reduce((sum, { cuts }) => sum + cuts, 0),
        complete,
      };
    });
    const text = [
      ...streams.map(({ stream, records, cells_cut: cuts }) => {
        const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
        const shown = columns.slice(0, MAX_COLUMNS_IN_TEXT);
        const rows = records.map((record) => shown.map((column) => cellText(record[column])));
        const notes = [
          ...(cuts > 0 ? [`${count(cuts, 'long cell')} cut at ${MAX_CELL} characters`] : []),
          ...(columns.length > shown.length ? [`${columns.length - shown.length} more columns in the data`] : []),
        ];
        return `${stream}: ${count(records.length, 'record')}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}\n${asData('records', textTable(shown, rows))}`;
      }),
      ...(found.errors.length > 0 ? [asData("connector's errors", found.errors.join('\n'))] : []),
    ].join('\n');
    return { text, data: { source, streams, errors: [...found.errors] } };
  },
});

/** A record whose long strings and nested values are shortened for the preview. */
function cutCells(record: Readonly<Record<string, unknown>>): { record: Record<string, unknown>; cuts: number } {
  let cuts = 0;
  const cell = (value: unknown): unknown => {
    const text =
      typeof value === 'string'
        ? value
        : typeof value === 'object' && value !== null
          ? JSON.stringify(value)
          : undefined;
    if (text === undefined || text.length <= MAX_CELL) return value;
    cuts += 1;
    return `${text.slice(0, MAX_CELL)}…`;
  };
  return { record: Object.fromEntries(Object.entries(record).map(([key, value]) => [key, cell(value)])), cuts };
}
