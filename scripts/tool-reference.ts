/** Writes the table of docs/tools.md from the tools; with --check it only reports whether the table is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { possibleEffects, tools } from '../src/tools/index.ts';

const PAGE = fileURLToPath(new URL('../docs/tools.md', import.meta.url));
const [BEGIN, END] = ['<!-- tools:begin (npm run docs) -->', '<!-- tools:end -->'];

const rows = tools.map((tool) => {
  const { properties = {}, required = [] } = z.toJSONSchema(tool.input, { io: 'input' });
  const names = Object.keys(properties).map((name) => `\`${name}${required.includes(name) ? '' : '?'}\``);
  return `| \`${tool.name}\` | ${possibleEffects(tool).join(', ')} | ${names.join(' ') || '–'} | ${tool.description.replaceAll('|', '\\|')} |`;
});
const table = [BEGIN, '| tool | effect | arguments | what it does |', '| --- | --- | --- | --- |', ...rows, END].join(
  '\n',
);
const before = readFileSync(PAGE, 'utf8');
const start = before.indexOf(BEGIN);
const end = before.indexOf(END);
if (start < 0 || end < 0) throw new Error(`docs/tools.md does not have ${BEGIN} … ${END}`);
const after = before.slice(0, start) + table + before.slice(end + END.length);

if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, after);
} else if (after !== before) {
  process.stderr.write('The table in docs/tools.md is stale: run "npm run docs" and commit it.\n');
  process.exitCode = 1;
}
