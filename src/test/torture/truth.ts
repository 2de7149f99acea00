/** Compares the tables of a cache with the ledger that they were read from. */
import {
  INCREMENTAL,
  type LedgerConfig,
  type LedgerRow,
  type LedgerState,
  type LedgerStream,
  positionIn,
  rowsOf,
  STREAMS,
  statesOf,
  totalOf,
} from '../../../fixtures/connectors/source-ledger.mjs';
import type { CacheView, StoredState } from './cache-view.ts';

export interface Ledger {
  /** The saved source, which is the dataset too. */
  readonly source: string;
  readonly modes: Partial<Record<LedgerStream, string>>;
  readonly config: LedgerConfig;
}

/** What can be known of a stream that is re-read each time. */
export interface Past {
  /** The last epoch with a known complete sync: the table has it, or a later one. */
  readonly epoch: number;
  /** Syncs that were complete since the last restart, and syncs that were begun: a copy of an appended stream for each, or none. */
  readonly complete: number;
  readonly begun: number;
}

type Row = readonly (string | null)[];

export interface Comparison {
  rows: number;
  /** Missing rows that the state, or a complete read, covers. */
  lost: number;
  /** Rows that are there more often than they should be, such that a state does not cover included. */
  repeated: number;
  /** One line for each difference, with an example. */
  readonly problems: string[];
  readonly positions: Partial<Record<LedgerStream, number>>;
}

/** Every row of every table; what is not there yet counts as empty. */
export async function compare(view: CacheView, ledger: Ledger, past: Past): Promise<Comparison> {
  const result: Comparison = { rows: 0, lost: 0, repeated: 0, problems: [], positions: {} };
  const states = parseStates(await view.states(ledger.source), ledger.config);
  for (const [name, mode] of Object.entries(ledger.modes)) {
    const stream = name as LedgerStream;
    const columns = Object.keys(STREAMS[stream].columns);
    const rows = (await view.rows(ledger.source, stream, columns)) ?? [];
    const found = countTexts(textsOfRows(rows));
    result.rows += rows.length;
    if (INCREMENTAL.includes(stream)) {
      const position = positionIn(stream, ledger.config, states[stream]);
      result.positions[stream] = position;
      const expected = countTexts(textsOf(rowsOf(stream, mode, ledger.config, position), columns));
      note(result, stream, `at ${position}`, expected, found);
      continue;
    }
    const position = states[stream] ? positionIn(stream, ledger.config, states[stream]) : 0;
    if (mode === 'full_refresh_append') compareCopies(result, stream, columns, rows, position, ledger, past);
    else {
      compareEpoch(result, stream, columns, rows, found, ledger, past);
      // A refresh stages its rows in a second table until it is complete.
      const staged = position > 0 ? ((await view.rows(ledger.source, `_sluice_new__${stream}`, columns)) ?? []) : [];
      result.rows += staged.length;
      const expected = rowsOf(stream, mode, ledger.config, position);
      note(
        result,
        stream,
        `refresh at ${position}`,
        countTexts(textsOf(expected, columns)),
        countTexts(textsOfRows(staged)),
      );
    }
  }
  return result;
}

/** The table is one complete epoch, never a part of one or of two. */
function compareEpoch(
  result: Comparison,
  stream: LedgerStream,
  columns: readonly string[],
  rows: readonly Row[],
  found: ReadonlyMap<string, number>,
  { modes, config }: Ledger,
  past: Past,
): void {
  const hasEpoch = columns.includes('epoch');
  const epoch = rows.length === 0 ? past.epoch : hasEpoch ? Number(rows[0]?.[columns.indexOf('epoch')]) : past.epoch;
  if (epoch < past.epoch || epoch > (config.epoch ?? 0)) {
    result.problems.push(`${stream}: its rows are of epoch ${epoch}, but epoch ${past.epoch} was complete`);
    result.lost += 1;
  }
  // Epoch 0 is empty: no sync was complete yet. Streams without epochs are complete or absent.
  if (epoch === 0 && rows.length === 0) return;
  const expected = rowsOf(stream, modes[stream] ?? '', { ...config, epoch: hasEpoch ? epoch : config.epoch });
  note(result, stream, `epoch ${epoch}`, countTexts(textsOf(expected, columns)), found);
}

/**
 * Every row is there equally often, once for each sync that read the stream to its end; of a refresh under way the first
 * rows are there once more. Epochs are counted each for itself.
 */
function compareCopies(
  result: Comparison,
  stream: LedgerStream,
  columns: readonly string[],
  rows: readonly Row[],
  position: number,
  { modes, config }: Ledger,
  past: Past,
): void {
  const at = columns.indexOf('epoch');
  const last = config.epoch ?? 0;
  let copies = 0;
  for (let epoch = at < 0 ? last : 1; epoch <= last; epoch += 1) {
    const own = at < 0 ? rows : rows.filter((row) => Number(row[at]) === epoch);
    const texts = textsOf(rowsOf(stream, modes[stream] ?? '', { ...config, epoch }), columns);
    const partly = epoch === last ? position : 0;
    const complete = Math.max(at >= 0 && epoch <= past.epoch ? 1 : 0, Math.round((own.length - partly) / texts.length));
    copies += complete;
    const expected = texts.map((text, index): [string, number] => [text, complete + (index < partly ? 1 : 0)]);
    note(result, stream, `${complete} copies and ${partly} rows`, new Map(expected), countTexts(textsOfRows(own)));
  }
  if (copies < past.complete || copies > past.begun) {
    result[copies < past.complete ? 'lost' : 'repeated'] += totalOf(stream, config);
    result.problems.push(`${stream}: ${copies} copies after ${past.complete} complete syncs of ${past.begun}`);
  }
}

function note(
  result: Comparison,
  stream: string,
  where: string,
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): void {
  const [lost, missing] = surplus(expected, found);
  const [repeated, extra] = surplus(found, expected);
  result.lost += lost;
  result.repeated += repeated;
  if (lost > 0) result.problems.push(`${stream}, ${where}: ${lost} rows are missing, such as ${missing}`);
  if (repeated > 0) result.problems.push(`${stream}, ${where}: ${repeated} rows too many, such as ${extra}`);
}

/** How many of `more` are not in `less`, and one of them. */
function surplus(more: ReadonlyMap<string, number>, less: ReadonlyMap<string, number>): [number, string] {
  let sum = 0;
  let example = '';
  for (const [text, count] of more) {
    const missing = count - (less.get(text) ?? 0);
    if (missing <= 0) continue;
    sum += missing;
    example ||= text;
  }
  return [sum, example];
}

function textsOf(rows: readonly LedgerRow[], columns: readonly string[]): string[] {
  const textOf = (value: string | number | null | undefined): string | null =>
    value === null || value === undefined ? null : String(value);
  return rows.map((row) => JSON.stringify(columns.map((column) => textOf(row[column]))));
}

function textsOfRows(rows: readonly Row[]): string[] {
  return rows.map((row) => JSON.stringify(row));
}

function countTexts(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function parseStates(stored: readonly StoredState[], config: LedgerConfig): Partial<Record<LedgerStream, LedgerState>> {
  const parse = ({ text }: StoredState): { data?: unknown } => JSON.parse(text) as { data?: unknown };
  const legacy = stored.find(({ kind }) => kind === 'LEGACY');
  if (!legacy) return statesOf(stored.map(parse), config);
  const others = stored.filter((state) => state !== legacy);
  return { ...statesOf(parse(legacy).data, config), ...statesOf(others.map(parse), config) };
}
