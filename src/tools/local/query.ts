import * as z from 'zod';
import type { QueryResult } from '../../cache/index.ts';
import { asData, cellText, count, textTable } from '../text.ts';
import { defineTool } from '../tool.ts';

const output = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.unknown())).optional(),
  truncated: z.boolean().optional(),
  next_offset: z.number().optional(),
  cells_cut: z.number().optional(),
  elapsed_ms: z.number().optional(),
  tables: z.array(z.string()).optional(),
  plan: z.string().optional(),
});

export const query = defineTool({
  name: 'query',
  title: 'Ask SQL of the synced data',
  description:
    'Run one SELECT over the cache and return its rows (read-only; DuckDB dialect, or Postgres if get_status says so; at most 30 s). Tables are dataset.table, listed by describe_data. dry_run: columns, tables read and plan.',
  input: z.strictObject({
    sql: z.string(),
    limit: z.int().min(1).max(1000).default(100),
    offset: z.int().min(0).default(0),
    dry_run: z.boolean().default(false),
  }),
  output,
  realm: 'local',
  effect: 'read',
  async run({ sql, limit, offset, dry_run: dry }, { services, signal }) {
    if (dry) {
      const { columns, tables, plan } = await services.cache.dryRun(sql, signal);
      const head = `Not executed. Reads ${tables.length > 0 ? tables.join(', ') : 'no table'}.`;
      const shape = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
      return {
        text: `${head}\nColumns: ${shape}\n${asData('query plan', plan)}`,
        data: { columns: [...columns], tables: [...tables], plan },
      };
    }
    services.sources.registerUpdates();
    const result = await services.cache.query(sql, { limit, offset, signal });
    return {
      computed: result.readsTables ? undefined : result.rows,
      text: resultText(result, offset),
      data: {
        columns: [...result.columns],
        rows: result.rows.map((row) => [...row]),
        truncated: result.truncated,
        next_offset: result.nextOffset,
        cells_cut: result.cellsCut > 0 ? result.cellsCut : undefined,
        elapsed_ms: result.elapsedMs,
      },
    };
  },
});

function resultText(
  { columns, rows, truncated, nextOffset, cellsCut, elapsedMs }: QueryResult,
  offset: number,
): string {
  const header = columns.map(({ name, type }) => `${name} (${type})`);
  const from = offset > 0 ? ` from row ${offset}` : '';
  return [
    `${count(rows.length, 'row')}${from}, ${elapsedMs} ms.${truncated ? ` More rows: offset ${nextOffset}.` : ''}`,
    asData(
      'query result',
      textTable(
        header,
        rows.map((row) => row.map(cellText)),
      ),
    ),
    ...(cellsCut > 0
      ? [`${count(cellsCut, 'cell')} cut at … : select substr(column, start, length) for the rest.`]
      : []),
  ].join('\n');
}
