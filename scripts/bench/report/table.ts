/** The figures as a person reads them. */
import type { Figures } from '../measure/measure.ts';
import type { Verdict } from './targets.ts';

export interface Row {
  readonly name: string;
  readonly title: string;
  readonly records: number;
  readonly engine: string;
  readonly runs: readonly Figures[];
  readonly median: Figures;
}

const HEADS = ['', 'engine', 'runs', 'wall s', 'CPU s', "others' CPU s", 'peak MB', 'without connector', 'records/s'];
const NUMBERS_FROM = 2;

/** Median figures by set and engine; then the targets. */
export function tableText(rows: readonly Row[], verdicts: readonly Verdict[]): string {
  const figures = rows.map(({ name, engine, runs, median, records }) => [
    name,
    engine,
    String(runs.length),
    median.wallSeconds.toFixed(2),
    median.cpuSeconds.toFixed(2),
    median.othersCpuSeconds.toFixed(2),
    megabytes(median.peakBytes),
    megabytes(median.peakWithoutConnectorBytes),
    Math.round(records / median.wallSeconds).toLocaleString('en'),
  ]);
  const aims = verdicts.map(({ what, aim, measured, met, disturbed, offPercent }) => [
    what,
    aim,
    measured,
    `${met ? 'met' : `missed by ${offPercent.toFixed(0)} %`}${disturbed ? ', but the machine was busy: run it again' : ''}`,
  ]);
  const titles = [...new Map(rows.map(({ name, title }) => [name, title]))].map(([name, title]) => `${name}: ${title}`);
  return [
    ...titles,
    '',
    ...aligned([HEADS, ...figures], NUMBERS_FROM),
    '',
    ...aligned([['', 'to reach', 'measured', ''], ...aims], Number.POSITIVE_INFINITY),
    '',
  ].join('\n');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** Columns from `right` on end in line. */
function aligned(table: readonly (readonly string[])[], right: number): string[] {
  const widths = (table[0] ?? []).map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, at) => (at >= right ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
