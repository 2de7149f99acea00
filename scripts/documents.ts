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
import { type Block, markdownTable, replaceBlock } from './markdown.ts';

const command = 'npm run docs';
const BLOCKS: readonly Block[] = [
  { page: 'docs/tools.md', name: 'tools', command, text: toolTable() },
  { page: 'docs/settings.md', name: 'settings', command, text: settingTables() },
  { page: 'docs/troubleshooting.md', name: 'error codes', command, text: errorTables() },
];

function toolTable(): string {
  const rows = tools.map((tool) => {
    const { properties = {}, required = [] } = z.toJSONSchema(tool.input, { io: 'input' });
    const names = Object.keys(properties).map((name) => code(required.includes(name) ? name : `${name}?`));
    return [code(tool.name), possibleEffects(tool).join(', '), names.join(' ') || '–', tool.description];
  });
  return markdownTable(['tool', 'effect', 'arguments', 'what it does'], rows);
}

function settingTables(): string {
  const sections = SETTING_TOPICS.map(({ title, settings }) => {
    const rows = settings.map((setting) => [code(setting.name), setting.values, setting.default, setting.meaning]);
    return `## ${title}\n\n${markdownTable(['variable', 'values', 'default', 'meaning'], rows)}`;
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
    return `### ${title}\n\n${markdownTable(['code', 'kind', 'what it means', 'what to do'], rows)}`;
  });
  return `\n${sections.join('\n\n')}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
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
