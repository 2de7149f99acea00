/** Draws lines of a terminal, with their ANSI styles, as an animated SVG. Without animations all lines are visible. */
import { escapeXml } from './svg-text.ts';

export interface TimedLine {
  /** Seconds from the start at which the line appears. */
  readonly at: number;
  /** With ANSI styles: bold, dim, red, green, cyan. */
  readonly text: string;
}

interface Theme {
  readonly background: string;
  readonly border: string;
  readonly bar: string;
  readonly text: string;
  readonly dim: string;
  readonly red: string;
  readonly green: string;
  readonly cyan: string;
}

interface Picture {
  readonly title: string;
  readonly columns: number;
  readonly theme: Theme;
}

export const THEMES: Readonly<Record<'light' | 'dark', Theme>> = {
  light: {
    background: '#ffffff',
    border: '#d0d7de',
    bar: '#f6f8fa',
    text: '#1f2328',
    dim: '#656d76',
    red: '#cf222e',
    green: '#1a7f37',
    cyan: '#1b7c83',
  },
  dark: {
    background: '#0d1117',
    border: '#30363d',
    bar: '#161b22',
    text: '#e6edf3',
    dim: '#8b949e',
    red: '#ff7b72',
    green: '#3fb950',
    cyan: '#39c5cf',
  },
};

const FONT_SIZE = 13;
const CELL = 7.8;
const LINE = 18;
const PADDING = 18;
const BAR_HEIGHT = 34;
const FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";

/** @returns the SVG's text; it loads no fonts and runs no scripts */
export function drawTerminal(lines: readonly TimedLine[], { title, columns, theme }: Picture): string {
  const width = Math.round(columns * CELL + 2 * PADDING);
  const height = BAR_HEIGHT + lines.length * LINE + 2 * PADDING;
  const body = carryStyles(lines)
    .map((line, row) => drawLine(line, BAR_HEIGHT + PADDING + row * LINE))
    .filter(Boolean);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escapeXml(title)}</title>
<style>${styleOf(theme)}</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="9" fill="${theme.background}" stroke="${theme.border}"/>
<path d="M1 ${BAR_HEIGHT}V9.5A8.5 8.5 0 0 1 9.5 1H${width - 9.5}A8.5 8.5 0 0 1 ${width - 1} 9.5V${BAR_HEIGHT}Z" fill="${theme.bar}"/>
<path d="M1 ${BAR_HEIGHT}.5H${width - 1}" stroke="${theme.border}"/>
<circle cx="20" cy="17.5" r="5.5" fill="#ff5f57"/><circle cx="39" cy="17.5" r="5.5" fill="#febc2e"/><circle cx="58" cy="17.5" r="5.5" fill="#28c840"/>
<text class="d" x="${width / 2}" y="22" text-anchor="middle">${escapeXml(title)}</text>
${body.join('\n')}
</svg>
`;
}

function styleOf({ text, dim, red, green, cyan }: Theme): string {
  return `text{font:${FONT_SIZE}px ${FONT};fill:${text};white-space:pre}
text.b{font-weight:700}text.d{fill:${dim}}text.r{fill:${red}}text.g{fill:${green}}text.c,rect.c{fill:${cyan}}
@media (prefers-reduced-motion:no-preference){g{animation:show .15s both}}
@keyframes show{from{opacity:0}}`;
}

function drawLine({ at, text }: TimedLine, y: number): string | undefined {
  const parts = segmentsOf(text).flatMap(wordsOf);
  if (parts.length === 0) return undefined;
  return `<g style="animation-delay:${at.toFixed(2)}s">${parts.map((part) => drawPart(part, y)).join('')}</g>`;
}

/** The same lines, where each begins with the style that the line before left open. */
function carryStyles(lines: readonly TimedLine[]): TimedLine[] {
  let open = '';
  return lines.map(({ at, text }) => {
    const line = { at, text: open + text };
    open = line.text.match(ANSI)?.at(-1) ?? '';
    return line;
  });
}

interface Part {
  readonly column: number;
  readonly text: string;
  readonly style: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI sequences begin with one
const ANSI = /(\x1b\[[\d;]*m)/g;

const STYLES: Readonly<Record<string, string>> = { 1: 'b', 2: 'd', 31: 'r', 32: 'g', 36: 'c' };

/** The runs of one style in a line. */
function segmentsOf(line: string): Part[] {
  const parts: Part[] = [];
  let column = 0;
  let style = '';
  for (const piece of line.split(ANSI)) {
    if (piece.startsWith('\x1b[')) {
      style = STYLES[piece.slice(2, -1)] ?? '';
      continue;
    }
    if (piece !== '') parts.push({ column, text: piece, style });
    column += piece.length;
  }
  return parts;
}

/** Parts between wide gaps, so that the columns of a table keep their positions in any font. */
function wordsOf({ column, text, style }: Part): Part[] {
  return [...text.matchAll(/\S+(?: \S+)*/g)].map((found) => ({ column: column + found.index, text: found[0], style }));
}

function drawPart({ column, text, style }: Part, y: number): string {
  const x = round(PADDING + column * CELL);
  const width = round(text.length * CELL);
  const kind = style ? ` class="${style}"` : '';
  if (/^█+$/.test(text)) return `<rect${kind} x="${x}" y="${y + 3}" width="${width}" height="${LINE - 6}"/>`;
  return `<text${kind} x="${x}" y="${y + FONT_SIZE}" textLength="${width}">${escapeXml(text)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
