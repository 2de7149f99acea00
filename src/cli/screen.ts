/** What a person sees in a terminal: colour and moving lines on a screen, plain lines in a pipe. */
import { styleText } from 'node:util';

export interface Screen {
  line(text?: string): void;
  heading(text: string): void;
  good(text: string): void;
  bad(text: string): void;
  dim(text: string): void;
  /** A line that is overwritten by the next one; nothing at all in a pipe. */
  moving(text: string): void;
  /** Clears the moving line. */
  still(): void;
  table(header: readonly string[], rows: readonly (readonly string[])[]): void;
  /** Horizontal bars, scaled to the largest value. */
  bars(rows: readonly { readonly label: string; readonly value: number }[]): void;
}

const WIDTH = 100;
const BAR_WIDTH = 40;
const MAX_COLUMN = 36;

export function createScreen(out: NodeJS.WriteStream): Screen {
  const lively = out.isTTY === true;
  const colour = lively && !process.stdout.hasColors?.() ? false : lively;
  let movingShown = false;
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(format, text) : text;
  const clear = (): void => {
    if (movingShown) out.write('\r\x1b[2K');
    movingShown = false;
  };
  const line = (text = ''): void => {
    clear();
    out.write(`${text}\n`);
  };
  return {
    line,
    heading: (text) => line(`\n${style('bold', text)}`),
    good: (text) => line(`${style('green', '✓')} ${text}`),
    bad: (text) => line(`${style('red', '✗')} ${text}`),
    dim: (text) => line(style('dim', text)),
    moving(text) {
      if (!lively) return;
      clear();
      out.write(style('dim', `  ${text.slice(0, (out.columns || WIDTH) - 4)}`));
      movingShown = true;
    },
    still: clear,
    table(header, rows) {
      // The last column is never cut: a path is useful only if complete.
      const widths = header.map((name, index) =>
        Math.min(
          index === header.length - 1 ? Number.POSITIVE_INFINITY : MAX_COLUMN,
          Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)),
        ),
      );
      const format = (row: readonly string[]): string =>
        row
          .map((cell, index) => clip(cell, widths[index] ?? 0).padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd();
      line(`  ${style('dim', format(header))}`);
      for (const row of rows) line(`  ${format(row)}`);
    },
    bars(rows) {
      const most = Math.max(1, ...rows.map(({ value }) => value));
      const width = Math.max(...rows.map(({ label }) => label.length));
      for (const { label, value } of rows) {
        const bar = '█'.repeat(Math.max(value > 0 ? 1 : 0, Math.round((value / most) * BAR_WIDTH)));
        line(`  ${label.padEnd(width)}  ${style('cyan', bar)} ${value.toLocaleString('en-US')}`);
      }
    },
  };
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
