/** Wall times as bars, as SVG: a group for each set of data, its longest time at full width. */
import { escapeXml } from '../../svg-text.ts';
import type { Row } from './table.ts';

type ThemeName = 'light' | 'dark';

interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly sluice: string;
  readonly other: string;
}

const THEMES: Readonly<Record<ThemeName, Theme>> = {
  light: { text: '#1f2328', muted: '#59636e', sluice: '#0969da', other: '#c8d1da' },
  dark: { text: '#e6edf3', muted: '#9198a1', sluice: '#4493f8', other: '#3d444d' },
};
const WIDTH = 760;
const [LEFT, BAR_WIDTH, BAR_HEIGHT, LINE, GROUP_GAP] = [150, 440, 14, 22, 18];
const ENGINE_NAMES: Readonly<Record<string, string>> = {
  sluice: 'Sluice',
  docker: 'Sluice, Docker',
  pyairbyte: 'PyAirbyte',
  duckdb: 'DuckDB alone',
  connector: 'connector alone',
};

export function engineName(engine: string): string {
  return ENGINE_NAMES[engine] ?? engine;
}

/** @param rows those of one set of data side by side */
export function chartSvg(rows: readonly Row[], themeName: ThemeName): string {
  const theme = THEMES[themeName];
  const names = [...new Set(rows.map((row) => row.name))];
  const groups = names.map((group) => rows.filter((row) => row.name === group));
  const parts: string[] = [];
  let top = 12;
  for (const group of groups) {
    const longest = Math.max(...group.map(({ median }) => median.wallSeconds));
    const [first] = group;
    if (first) parts.push(text(0, top + 12, `${first.name}: ${first.title}`, `fill="${theme.text}" font-weight="600"`));
    top += LINE;
    for (const row of group) {
      parts.push(bar(row, longest, top, theme));
      top += LINE;
    }
    top += GROUP_GAP;
  }
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" role="img" aria-labelledby="title" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13">`;
  return [head, `  <title id="title">${escapeXml(titleOf(groups))}</title>`, ...parts, '</svg>', ''].join('\n');
}

function bar({ engine, median }: Row, longest: number, top: number, theme: Theme): string {
  const width = Math.max(2, (median.wallSeconds / longest) * BAR_WIDTH);
  const isOwn = engine === 'sluice' || engine === 'docker';
  const rect = `  <rect x="${LEFT}" y="${top}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="3" fill="${isOwn ? theme.sluice : theme.other}"/>`;
  const label = text(LEFT - 10, top + 11, engineName(engine), `fill="${theme.muted}" text-anchor="end"`);
  const value = text(LEFT + width + 8, top + 11, `${median.wallSeconds.toFixed(1)} s`, `fill="${theme.text}"`);
  return [rect, label, value].join('\n');
}

function titleOf(groups: readonly (readonly Row[])[]): string {
  const times = (group: readonly Row[]): string =>
    group.map(({ engine, median }) => `${engineName(engine)} ${median.wallSeconds.toFixed(1)} s`).join(', ');
  return `Wall times. ${groups.map((group) => `${group[0]?.title}: ${times(group)}`).join('. ')}.`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `  <text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escapeXml(content)}</text>`;
}
