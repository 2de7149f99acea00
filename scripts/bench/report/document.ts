/** Writes the figures into docs/performance.md, between its two marks, and the charts next to the other pictures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdownTable, replaceBlock } from '../../markdown.ts';
import { chartSvg, engineName } from './chart.ts';
import { type Machine, machineText } from './machine.ts';
import type { Row } from './table.ts';
import type { Verdict } from './targets.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = 'docs/performance.md';
const ALT = 'Bars of the wall times below: Sluice, PyAirbyte, DuckDB alone and the connector alone.';

/** @throws Error where the page lacks the marks */
export function writeDocument(machine: Machine, rows: readonly Row[], verdicts: readonly Verdict[]): void {
  const text = figuresText(machine, rows, verdicts);
  const block = { page: PAGE, name: 'figures', command: 'npm run bench -- --document', text };
  writeFileSync(`${ROOT}${PAGE}`, replaceBlock(readFileSync(`${ROOT}${PAGE}`, 'utf8'), block));
  for (const theme of ['light', 'dark'] as const) {
    writeFileSync(`${ROOT}docs/pictures/performance-${theme}.svg`, chartSvg(rows, theme));
  }
}

function figuresText(machine: Machine, rows: readonly Row[], verdicts: readonly Verdict[]): string {
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
    '',
    `Measured ${machineText(machine).trim()}. Each figure is the median of its runs.`,
    '',
    ...picture,
    '',
    markdownTable(['set', 'engine', 'runs', 'wall time', 'CPU time', 'peak memory'], figures),
    '',
    markdownTable(['ratio', 'aim', 'measured', 'reached'], aims),
    '',
  ].join('\n');
}
