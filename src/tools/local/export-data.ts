import * as z from 'zod';
import { InputError } from '../../errors.ts';
import { asData, bytesText, cellText, count, textTable } from '../text.ts';
import { defineTool } from '../tool.ts';
import { checkFreeName, publishExport, stagedExport } from './export-file.ts';
import { withinLimits } from './export-limit.ts';

export const exportData = defineTool({
  name: 'export_data',
  title: 'Export a query',
  description:
    "Write all rows of one SELECT (as in query) to a new file in the project's exports folder, also those that query would cut.",
  input: z.strictObject({
    sql: z.string(),
    format: z.enum(['csv', 'parquet', 'jsonl']),
    file_name: z.string().describe('no folders'),
    show_rows: z.boolean().optional().describe('first rows in the answer'),
  }),
  output: z.object({
    path: z.string(),
    format: z.string(),
    rows: z.number(),
    bytes: z.number(),
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    first_rows: z.array(z.array(z.unknown())).optional(),
  }),
  realm: 'local',
  effect: 'run',
  async run({ sql, format, file_name: typed, show_rows: showRows = false }, { services, signal, progress }) {
    const name = checkedName(typed, format);
    const folder = await services.project.folder('exports');
    await checkFreeName(folder, name);
    services.sources.registerUpdates();
    progress(`writing ${name}`);
    const staged = await stagedExport(await services.project.folder('staging'));
    try {
      const { rows, bytes, columns, firstRows, readsTables } = await withinLimits(
        staged.files,
        services.settings.exportLimits,
        signal,
        (limited) => services.cache.exportQuery(sql, { format, file: staged.path, signal: limited }),
      );
      const { path, id } = await publishExport(staged.path, folder, name);
      services.ledger.enter({ realm: 'local', kind: 'export', id, name });
      const text = [
        `${count(rows, 'row')} (${bytesText(bytes)}) in ${path}`,
        asData('columns', columns.map(({ name: column, type }) => `${column} ${type}`).join(', ')),
        ...(showRows ? [rowsText(columns, firstRows, rows)] : []),
      ].join('\n');
      const shown = showRows ? { first_rows: firstRows.map((row) => [...row]) } : {};
      const data = { path, format, rows, bytes, columns: [...columns], ...shown };
      return { text, data, computed: readsTables || !showRows ? undefined : firstRows };
    } finally {
      await staged.remove();
    }
  },
});

function rowsText(
  columns: readonly { readonly name: string }[],
  shown: readonly (readonly unknown[])[],
  rows: number,
): string {
  const header = columns.map(({ name }) => name);
  const cells = shown.map((row) => row.map(cellText));
  return asData(shown.length < rows ? `first ${shown.length} rows` : 'rows', textTable(header, cells));
}

/** The name with the format's ending. @throws InputError if it could mean another folder or another format */
function checkedName(typed: string, format: string): string {
  const ending = /\.(csv|parquet|jsonl)$/i.exec(typed)?.[1]?.toLowerCase();
  if (ending !== undefined && ending !== format) {
    throw new InputError(
      'file_name_format',
      `The name ${JSON.stringify(typed.slice(0, 120))} ends in .${ending}, and the format is ${format}.`,
      `Write a name that ends in .${format}, or format: "${ending}".`,
    );
  }
  const name = ending === undefined ? `${typed}.${format}` : typed;
  if (/^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_ ().+=@,-]*$/u.test(name) && Buffer.byteLength(name) <= 200) return name;
  throw new InputError(
    'file_name_refused',
    `${JSON.stringify(typed.slice(0, 120))} is not a name for an export file.`,
    `Use letters, digits, "-", "_" and ".", at most 200 bytes, without folders, such as "report.${format}".`,
  );
}
