/** The documents are true where a program can tell: links, names of tools, settings and error codes, and the README's length. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { SETTING_NAMES } from '../../config/setting-list.ts';
import { ERROR_TOPICS } from '../../error-codes/index.ts';
import { tools } from '../../tools/index.ts';
import { ROOT } from '../harness/workplace.ts';

const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...PAGES];
const MAX_README_WORDS = 900;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const withoutFences = (text: string): string => text.replace(/^(> ?)?```[\s\S]*?^(> ?)?```$/gm, '');
const namesIn = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
/** The first cells of a document's tables. */
const firstCells = (text: string): string => (text.match(/^\| [^|]+/gm) ?? []).join('\n');

/** Targets of Markdown links and of pictures. */
function linksIn(text: string): string[] {
  const prose = withoutFences(text).replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source ?? '',
  );
}

/** The anchors that GitHub gives to the headings of a document. */
function anchorsIn(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function brokenLinks(document: string): string[] {
  return linksIn(read(document))
    .filter((link) => !/^(https?:|mailto:)/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path ? resolve(ROOT, dirname(document), path) : join(ROOT, document);
      if (relative(ROOT, target).startsWith('..') || !existsSync(target)) return true;
      return anchor !== undefined && !anchorsIn(readFileSync(target, 'utf8')).has(anchor);
    });
}

test.each(DOCUMENTS)('%s has no broken relative links or anchors', (document) => {
  expect(brokenLinks(document)).toEqual([]);
});

test('CONTRIBUTING names every module, and no file that does not exist', () => {
  const text = read('CONTRIBUTING.md');
  const paths = namesIn(text).filter((name) => /^(src|scripts|docs|fixtures|\.ci)\/\S+$/.test(name));
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const map = text.split('\n## Modules\n')[1]?.split('```')[1] ?? '';
  const parts = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || !entry.name.endsWith('.test.ts'))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  expect(
    parts.filter((part) => !map.includes(`  ${part} `) && !map.includes(` ${part},`) && !map.includes(` ${part}\n`)),
  ).toEqual([]);
});

test('the README has at most 900 words', () => {
  expect(read('README.md').split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(MAX_README_WORDS);
});

test('the README links to every page of docs', () => {
  const linked = linksIn(read('README.md')).map((link) => link.split('#')[0]);
  expect(PAGES.filter((page) => !linked.includes(page))).toEqual([]);
});

test('the README lists every tool once', () => {
  const known = tools.map(({ name }) => name).sort();
  const section = read('README.md').split('\n## Tools\n')[1]?.split('\n## ')[0] ?? '';
  expect(namesIn(section).sort()).toEqual(known);
});

test('docs/settings.md describes every setting once, and no other', () => {
  const described = namesIn(firstCells(read('docs/settings.md')));
  expect(described.sort()).toEqual([...SETTING_NAMES].sort());
});

test('the generated blocks of the documents are current', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/documents.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

/** Code of the product, without its tests and without the table of error codes. */
function sourceText(): string {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(path))
    .filter((path) => !/^(test|error-codes)[\\/]/.test(path))
    .map((path) => read(join('src', path)))
    .join('\n');
}

/** Errors in the code: the kind by class, and the code as it is written: a name, a choice of names, or a template. */
const raisedIn = (source: string): { kind: string; code: string }[] =>
  [...source.matchAll(/new (Input|Setup|Refused|Connector|Upstream|Limit)Error\(\s*([^,()]*),/g)].map(
    ([, kind = '', code = '']) => ({ kind: kind.toLowerCase(), code }),
  );
const literalsIn = (code: string): string[] => [...code.matchAll(/'([a-z_]+)'/g)].map(([, name = '']) => name);

test('docs/troubleshooting.md explains every error code once, and no other', () => {
  const source = sourceText();
  const page = read('docs/troubleshooting.md').split('\n## Error codes\n')[1]?.split('\n## ')[0] ?? '';
  const explained = namesIn(firstCells(page));
  expect(explained.filter((code, index) => explained.indexOf(code) !== index)).toEqual([]);

  const raised = raisedIn(source);
  const written = raised.flatMap(({ code }) => literalsIn(code));
  expect(written.length).toBeGreaterThan(200);
  expect([...new Set(written)].filter((code) => !explained.includes(code))).toEqual([]);

  const templates = raised
    .flatMap(({ code }) => code.match(/`[^`]+`/g) ?? [])
    .map((template) => new RegExp(`^${template.slice(1, -1).replace(/\$\{[^}]*\}/g, '[a-z_]+')}$`));
  const isInSource = (code: string): boolean =>
    source.includes(`'${code}'`) || templates.some((template) => template.test(code));
  expect(explained.filter((code) => !isInSource(code))).toEqual([]);
});

test('the table of error codes has the kinds of the classes that raise them', () => {
  const raised = raisedIn(sourceText()).flatMap(({ kind, code }) => literalsIn(code).map((name) => `${name}: ${kind}`));
  const listed = ERROR_TOPICS.flatMap(({ entries }) => entries).flatMap(({ codes, kinds }) =>
    codes.flatMap((code) => kinds.map((kind) => `${code}: ${kind}`)),
  );
  expect([...new Set(raised)].filter((pair) => !listed.includes(pair))).toEqual([]);
});
