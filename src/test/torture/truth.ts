/** Holds the tables of a cache against the ledger that they were read from. */
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
import type { CacheView, KeptState } from './cache-view.ts';

export interface Ledger {
  /** The saved source, which is the dataset too. */
  readonly source: string;
  readonly modes: Partial<Record<LedgerStream, string>>;
  readonly config: LedgerConfig;
}

/** What can be known of a stream that is read anew each time. */
export interface Past {
  /** The last epoch of which a whole sync is known: the table has it, or a later one. */
  readonly epoch: number;
  /** Syncs that were complete, and syncs that were begun: a copy of an appended stream for each, or none. */
  readonly complete: number;
  readonly begun: number;
}

export interface Comparison {
  rows: number;
  /** Rows that the state, or a whole read, says are there, and that are not. */
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
  const states = keptStates(await view.states(ledger.source), ledger.config);
  for (const [name, mode] of Object.entries(ledger.modes)) {
    const stream = name as LedgerStream;
    const columns = Object.keys(STREAMS[stream].columns);
    const rows = (await view.rows(ledger.source, stream, columns)) ?? [];
    const found = countTexts(rows.map((row) => JSON.stringify(row)));
    result.rows += rows.length;
    if (INCREMENTAL.includes(stream)) {
      const position = positionIn(stream, ledger.config, states[stream]);
      result.positions[stream] = position;
      const wanted = countTexts(textsOf(rowsOf(stream, mode, ledger.config, position), columns));
      note(result, stream, `at ${position}`, wanted, found);
    } else if (mode === 'full_refresh_append') compareCopies(result, stream, columns, found, ledger, past);
    else compareEpoch(result, stream, columns, rows, found, ledger, past);
  }
  return result;
}

/** The table is one whole epoch, never a part of one or of two. */
function compareEpoch(
  result: Comparison,
  stream: LedgerStream,
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
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
  // Epoch 0 is nothing: no sync was whole yet. Streams without epochs are whole or absent.
  if (epoch === 0 && rows.length === 0) return;
  const wanted = rowsOf(stream, modes[stream] ?? '', { ...config, epoch: hasEpoch ? epoch : config.epoch });
  note(result, stream, `epoch ${epoch}`, countTexts(textsOf(wanted, columns)), found);
}

/** Every row is there equally often: once for each sync that read the stream to its end. */
function compareCopies(
  result: Comparison,
  stream: LedgerStream,
  columns: readonly string[],
  found: ReadonlyMap<string, number>,
  { modes, config }: Ledger,
  past: Past,
): void {
  const texts = textsOf(rowsOf(stream, modes[stream] ?? '', config), columns);
  const copies = Math.round([...found.values()].reduce((sum, count) => sum + count, 0) / Math.max(1, texts.length));
  const wanted = new Map(copies === 0 ? [] : texts.map((text) => [text, copies]));
  note(result, stream, `${copies} copies`, wanted, found);
  if (copies < past.complete) result.lost += (past.complete - copies) * texts.length;
  if (copies > past.begun) result.repeated += (copies - past.begun) * texts.length;
  if (copies < past.complete || copies > past.begun) {
    result.problems.push(`${stream}: ${copies} copies after ${past.complete} whole syncs of ${past.begun}`);
  }
}

function note(
  result: Comparison,
  stream: string,
  where: string,
  wanted: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): void {
  const [lost, gone] = surplus(wanted, found);
  const [repeated, extra] = surplus(found, wanted);
  result.lost += lost;
  result.repeated += repeated;
  if (lost > 0) result.problems.push(`${stream}, ${where}: ${lost} rows are missing, such as ${gone}`);
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

function countTexts(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function keptStates(kept: readonly KeptState[], config: LedgerConfig): Partial<Record<LedgerStream, LedgerState>> {
  const parsed = kept.map(({ text }) => JSON.parse(text) as { data?: unknown });
  const legacy = kept.find(({ kind }) => kind === 'LEGACY');
  return statesOf(legacy ? parsed[kept.indexOf(legacy)]?.data : parsed, config);
}

/** How many rows a whole cache holds at least, for a test that its comparison is not one of nothing. */
export function wholeRows({ modes, config }: Ledger): number {
  return Object.keys(modes).reduce((sum, stream) => sum + totalOf(stream as LedgerStream, config), 0);
}
