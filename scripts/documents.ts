/**
 * Writes the generated blocks of the documents: tools, settings and error codes. With `--check` it only reports which pages are stale.
 * Text outside of a block is written by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { SETTING_TOPICS } from '../src/config/setting-list.ts';
import { ERROR_TOPICS } from '../src/error-codes/index.ts';
import { possibleEffects, tools } from '../src/tools/index.ts';

interface Block {
  readonly page: string;
  /** Name in the markers of the block. */
  readonly name: string;
  readonly text: string;
}

const BLOCKS: readonly Block[] = [
  { page: 'docs/tools.md', name: 'tools', text: toolTable() },
  { page: 'docs/settings.md', name: 'settings', text: settingTables() },
  { page: 'docs/troubleshooting.md', name: 'error codes', text: errorTables() },
];

function toolTable(): string {
  const rows = tools.map((tool) => {
    const { properties = {}, required = [] } = z.toJSONSchema(tool.input, { io: 'input' });
    const names = Object.keys(properties).map((name) => code(required.includes(name) ? name : `${name}?`));
    return [code(tool.name), possibleEffects(tool).join(', '), names.join(' ') || '–', tool.description];
  });
  return table(['tool', 'effect', 'arguments', 'what it does'], rows);
}

function settingTables(): string {
  const sections = SETTING_TOPICS.map(({ title, settings }) => {
    const rows = settings.map((setting) => [code(setting.name), setting.values, setting.default, setting.meaning]);
    return `## ${title}\n\n${table(['variable', 'values', 'default', 'meaning'], rows)}`;
  });
  return `\n${sections.join('\n\n')}\n`;
}

function errorTables(): string {
  const sections = ERROR_TOPICS.map(({ title, entries }) => {
    const rows = entries.map(({ codes, kinds, meaning, next }) => [
      codes.map(code).join(', '),
      kinds.map(code).join(', '),
      meaning,
      next,
    ]);
    return `### ${title}\n\n${table(['code', 'kind', 'what it means', 'what to do'], rows)}`;
  });
  return `\n${sections.join('\n\n')}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, header.map(() => '---'), ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))];
  return cells.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** @returns the page's text with the block replaced */
function replaceBlock(before: string, { page, name, text }: Block): string {
  const [begin, end] = [`<!-- ${name}:begin (npm run docs) -->`, `<!-- ${name}:end -->`];
  const [start, stop] = [before.indexOf(begin), before.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${page} does not have ${begin} … ${end}`);
  return `${before.slice(0, start)}${begin}\n${text}\n${before.slice(stop)}`;
}

const isCheck = process.argv.includes('--check');
for (const block of BLOCKS) {
  const path = fileURLToPath(new URL(`../${block.page}`, import.meta.url));
  const before = readFileSync(path, 'utf8');
  const after = replaceBlock(before, block);
  if (after === before) continue;
  if (!isCheck) {
    writeFileSync(path, after);
    continue;
  }
  process.stderr.write(`${block.page} is stale: run "npm run docs" and commit it.\n`);
  process.exitCode = 1;
}
