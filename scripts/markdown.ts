/** Generated parts of the documents: tables, and blocks between two marks. */

export interface Block {
  readonly page: string;
  /** Name in the markers of the block. */
  readonly name: string;
  /** What generates it. */
  readonly command: string;
  readonly text: string;
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, header.map(() => '---'), ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))];
  return cells.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** @returns the page's text with the block replaced. @throws Error where the page lacks the marks */
export function replaceBlock(before: string, { page, name, command, text }: Block): string {
  const [begin, end] = [`<!-- ${name}:begin (${command}) -->`, `<!-- ${name}:end -->`];
  const [start, stop] = [before.indexOf(begin), before.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${page} does not have ${begin} … ${end}`);
  return `${before.slice(0, start)}${begin}\n${text}\n${before.slice(stop)}`;
}
