/** Writes the figures into docs/performance.md, between its two marks, and the charts next to the other pictures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chartSvg, engineName } from './chart.ts';
import { type Machine, machineText } from './machine.ts';
import type { Row } from './table.ts';
import type { Verdict } from './targets.ts';

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
const [START, END] = ['<!-- figures: npm run bench -- --document -->', '<!-- end of figures -->'];
const ALT = 'Bars of the wall times below: Sluice, PyAirbyte, DuckDB alone and the connector alone.';

/** @throws Error where the page lacks the marks */
export function writeDocument(machine: Machine, rows: readonly Row[], verdicts: readonly Verdict[]): void {
  const page = `${DOCS}performance.md`;
  const before = readFileSync(page, 'utf8');
  const [start, end] = [before.indexOf(START), before.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${page} lacks "${START}" and "${END}"`);
  const figures = documentText(machine, rows, verdicts);
  writeFileSync(page, `${before.slice(0, start + START.length)}\n\n${figures}\n${before.slice(end)}`);
  for (const theme of ['light', 'dark'] as const) {
    writeFileSync(`${DOCS}pictures/performance-${theme}.svg`, chartSvg(rows, theme));
  }
}

export function documentText(machine: Machine, rows: readonly Row[], verdicts: readonly Verdict[]): string {
  const picture = [
    '<picture>',
    '  <source media="(prefers-color-scheme: dark)" srcset="pictures/performance-dark.svg">',
    `  <img src="pictures/performance-light.svg" width="760" alt="${ALT}">`,
    '</picture>',
  ];
  const figures = rows.map(({ name, title, engine, runs, median }) => [
    `${name}: ${title}`,
    engineName(engine),
    String(runs.length),
    `${median.wallSeconds.toFixed(1)} s`,
    `${median.cpuSeconds.toFixed(1)} s`,
    `${(median.peakBytes / 1e6).toFixed(0)} MB`,
  ]);
  const aims = verdicts.map(({ what, aim, measured, met, disturbed }) => [
    what,
    aim,
    measured,
    `${met ? 'yes' : 'no'}${disturbed ? ', on a busy machine' : ''}`,
  ]);
  return [
    `Measured ${machineText(machine).trim()}. Each figure is the median of its runs.`,
    '',
    ...picture,
    '',
    ...table(['set', 'engine', 'runs', 'wall time', 'CPU time', 'peak memory'], figures),
    '',
    ...table(['ratio', 'aim', 'measured', 'reached'], aims),
    '',
  ].join('\n');
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)];
}
