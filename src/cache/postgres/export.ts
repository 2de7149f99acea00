/** Writes the rows of one judged SELECT to a file: COPY produces CSV, and the converter turns it into the other formats. */
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { InputError } from '../../errors.ts';
import { jsonNumber } from '../export-sql.ts';
import { quoteName, quoteText } from '../load/names.ts';
import type { ExportRequest, ExportResult } from '../types.ts';
import type { Converter } from './converter.ts';
import { sqlState } from './errors.ts';
import type { Judged, judge } from './judge.ts';
import { judged, openCursor, type ReadColumn, readPart } from './query.ts';
import type { Server } from './server.ts';

const TIME_LIMIT_MS = 10 * 60_000;
const SHOWN_ROWS = 5;

/** @throws as `query`; InputError `sql_not_alone` for a text that cannot be embedded in another statement */
export async function exportQuery(
  server: Server,
  converter: Converter,
  sql: string,
  { format, file, signal }: ExportRequest,
): Promise<ExportResult> {
  const inner = sql.replace(/[;\s]+$/, '');
  const csv = format === 'csv' ? file : `${file}.csv`;
  const body = async (client: Parameters<typeof judge>[0], { tables }: Judged): Promise<ExportResult> => {
    const columns = await openCursor(client, inner);
    const limits = { limit: SHOWN_ROWS, offset: 0, signal };
    const { rows: firstRows } = await readPart(client, columns, limits, server.redactor);
    await client.query('CLOSE sluice_query');
    const { copyFrom } = await import('./client.ts');
    const from = copyFrom(client, `COPY (${inner}\n) TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8')`);
    // COPY runs exactly the judged text, which is valid in parentheses or not at all.
    await pipeline(from, createWriteStream(csv, { mode: 0o600 })).catch((error: unknown) => {
      throw sqlState(error) === '42601' ? notAlone() : error;
    });
    if (format !== 'csv') await convert(converter, columns, csv, file, format, signal);
    const shown = columns.map(({ name, type }) => ({ name, type }));
    return {
      columns: shown,
      rows: from.rowCount,
      bytes: (await stat(file)).size,
      firstRows,
      readsTables: tables.length > 0,
    };
  };
  try {
    return await judged(server, inner, signal, body, TIME_LIMIT_MS);
  } finally {
    if (csv !== file) await rm(csv, { force: true });
  }
}

async function convert(
  converter: Converter,
  columns: readonly ReadColumn[],
  csv: string,
  file: string,
  format: 'jsonl' | 'parquet',
  signal: AbortSignal,
): Promise<void> {
  if (new Set(columns.map(({ name }) => name.toLowerCase())).size < columns.length) throw notAlone();
  const types = columns.map((column) => `${quoteText(column.name)}: ${quoteText(typeOf(column))}`);
  const read = `read_csv(${quoteText(csv)}, header = true, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, max_line_size = 16000000, columns = {${types.join(', ')}})`;
  const options = format === 'jsonl' ? 'FORMAT json' : 'FORMAT parquet, COMPRESSION zstd';
  await converter.use(async (connection) => {
    await connection.run(
      `COPY (SELECT ${selection(columns, format)} FROM ${read}) TO ${quoteText(file)} (${options}, USE_TMP_FILE false)`,
    );
  }, signal);
}

function selection(columns: readonly ReadColumn[], format: 'jsonl' | 'parquet'): string {
  const numbers = format === 'jsonl' ? columns.filter((column) => typeOf(column) === 'DOUBLE') : [];
  const changed = numbers.map(({ name }) => `${jsonNumber(quoteName(name))} AS ${quoteName(name)}`);
  return changed.length === 0 ? '*' : `* REPLACE (${changed.join(', ')})`;
}

/** The type that holds every value of a column: unbounded numbers stay texts, because no other type holds all their digits. */
function typeOf({ type }: ReadColumn): string {
  const decimal = /^numeric\((\d+),(\d+)\)$/.exec(type);
  if (decimal && Number(decimal[1]) <= 38) return `DECIMAL(${decimal[1]}, ${decimal[2]})`;
  switch (type) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return 'BIGINT';
    case 'real':
    case 'double precision':
      return 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    case 'json':
    case 'jsonb':
      return 'JSON';
    default:
      return 'VARCHAR';
  }
}

function notAlone(): InputError {
  return new InputError(
    'sql_not_alone',
    'This SQL cannot be exported: it does not work as a subquery.',
    'Leave out a comment after the last semicolon, and give each column a name of its own.',
  );
}
