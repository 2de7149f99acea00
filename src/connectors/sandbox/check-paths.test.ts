import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import { checkPaths, type PathRules } from './check-paths.ts';

let base: string;
let rules: PathRules;

beforeAll(async () => {
  base = await realpath(await mkdtemp('/var/tmp/sluice-paths-'));
  for (const name of ['open', 'open folder', 'closed', 'project']) await mkdir(join(base, name));
  await writeFile(join(base, 'my.env'), 'A=1\n');
  await symlink(join(base, 'closed'), join(base, 'open', 'out'));
  await symlink(join(base, 'my.env'), join(base, 'open', 'env'));
  await symlink(join(base, 'open'), join(base, 'way-in'));
  rules = {
    protectedPaths: [join(base, 'my.env'), join(base, 'project')],
    runFolder: join(base, 'project', 'runs', 'run', 'work'),
    openFolders: [join(base, 'open'), join(base, 'open folder')],
  };
});
afterAll(() => rm(base, { recursive: true, force: true }));

const kinds = async (config: JsonObject): Promise<Record<string, string>> =>
  Object.fromEntries((await checkPaths(config, rules)).map(({ kind, problem }) => [problem.path, kind]));
const kindOf = async (value: string): Promise<string | undefined> => (await kinds({ value })).value;

/** Ways to write the same path. */
const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `file://${path}`,
  (path) => `FILE://localhost${path}`,
  (path) => `file:${path}`,
  (path) => `file:${path.replaceAll('/', '%2F')}`,
  (path) => encodeURIComponent(path),
  (path) => encodeURIComponent(encodeURIComponent(path)),
  (path) => [...path].map((letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
  (path) => path.replaceAll('/', '\\u002f'),
  (path) => path.replaceAll('/', '\\/'),
  (path) => path.replaceAll('/', '\\x2f'),
  (path) => path.replaceAll('/', '\\u{2f}'),
  (path) => path.replaceAll('/', '%u002f'),
  (path) => path.replaceAll('/', '\\057'),
  (path) => path.replaceAll('/', '&#47;'),
  (path) => path.replaceAll('/', '&#x2F;'),
  (path) => path.replaceAll('/', '\uff0f'),
  (path) => path.replaceAll('/', '//'),
  (path) => path.replaceAll('/', '/./'),
  (path) => path.replaceAll('/', '/x/../'),
  (path) => `  ${path}`,
  (path) => `\u200b${path}`,
  (path) => `${path}/`,
  (path) => `@${path}`,
  (path) => `sqlite:///${path}`,
  (path) => `jdbc:sqlite:${path}`,
  (path) => `duckdb:${path}`,
  (path) => `simplecache::file://${path}`,
  (path) => `zip://*.csv::${path}`,
  (path) => `SELECT * FROM read_csv('${path}')`,
  (path) => `host=db sslrootcert=${path} port=1`,
  (path) => `postgres://u@db/x?sslcert=${path}`,
  (path) => `https://example.org/a.csv, ${path}`,
  (path) => JSON.stringify({ url: path }),
  (path) => JSON.stringify({ reader: JSON.stringify({ urls: [path] }) }),
  (path) => `url: ${path}\nformat: csv`,
];

/** Where a text may stand. */
const FIELDS: readonly ((text: string) => JsonObject)[] = [
  (text) => ({ url: text }),
  (text) => ({ provider: { storage: 'local', url: text } }),
  (text) => ({ files: [{ name: 'a' }, { name: text }] }),
  (text) => ({ [text]: 1 }),
  (text) => ({ nested: JSON.stringify({ deep: [text] }) }),
];

describe('a path that is not open', () => {
  it('is found however and wherever it is written, in the same words whether or not there is such a file', async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,12}$/);
    const names = fc.array(name, { minLength: 1, maxLength: 4 });
    const spelled = fc.array(fc.nat(SPELLINGS.length - 1), { minLength: 1, maxLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        names,
        spelled,
        fc.nat(FIELDS.length - 1),
        fc.boolean(),
        async (parts, [way = 0], field, secret) => {
          const path = secret ? join(base, 'my.env') : join('/', ...parts);
          const text = SPELLINGS[way]?.(path) ?? path;
          const found = await checkPaths(FIELDS[field]?.(text) ?? {}, rules);
          expect(
            found.map(({ kind }) => kind),
            text,
          ).toEqual([secret ? 'protected' : expect.stringMatching(/outside|lost/)]);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it.each([
    '/etc/passwd',
    '/',
    '~/notes.txt',
    '~',
    '~other/notes.txt',
    '$HOME/notes.txt',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's variable
    '${HOME}/notes.txt',
    '%USERPROFILE%\\notes.txt',
    'C:\\Users\\me\\notes.txt',
    '\\\\server\\share\\notes.txt',
    'unix:///var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/info',
    '/data/*.csv',
    'file:///',
    'https://x:///home/me/notes.txt',
    'https://x:///etc//passwd',
    'https://x://~/docs',
    'https://x://etc/passwd',
    '!/etc/passwd',
    '#/etc/passwd',
    'a&/etc/passwd',
    '-T/etc/passwd',
    'jar:https://example.org/a.jar!/etc/passwd',
    'https://example.org/v1?path=/etc/passwd',
    `${'https://example.org/a/b/c/'.repeat(700)}etc/passwd`,
  ])('%s', async (text) => {
    expect(await kindOf(text)).toMatch(/outside|lost/);
  });

  it('reports lost files if a confined destination writes to a temporary path', async () => {
    expect(await kindOf('/tmp/out')).toBe('lost');
    expect(await kindOf('~/out')).toBe('lost');
    expect(await kindOf('/var/out')).toBe('outside');
  });

  it('is found when it climbs out of an open folder, or a link leads out of it', async () => {
    const open = join(base, 'open');
    expect(await kindOf(`${open}/../closed/a.csv`)).toBe('outside');
    expect(await kindOf(`${open}/out/a.csv`)).toBe('outside');
    expect(await kindOf(`${open}/env`)).toBe('outside');
    expect(await kindOf(`${open}/a.csv ${base}/closed/b.csv`)).toBe('outside');
    expect(await kindOf(`${open}/a.csv,${base}/closed/b.csv`)).toBe('outside');
    expect(await kindOf(`${open}-not/a.csv`)).toBe('outside');
    expect(await kindOf(base)).toBe('outside');
    expect(await kindOf(`${base}/*`)).toBe('outside');
  });

  it('is protected also by a relative path from the run, and by the home', async () => {
    expect(await kindOf('../../../../my.env')).toBe('protected');
    expect(await kindOf('../../../sources')).toBe('protected');
    expect(await kindOf('data/../../config.json')).toBe('protected');
    const own = { ...rules, protectedPaths: [join(homedir(), '.sluice.env')] };
    expect(await checkPaths({ url: '~/.sluice.env' }, own)).toMatchObject([{ kind: 'protected' }]);
    expect(await checkPaths({ url: '$HOME/.sluice.env' }, own)).toMatchObject([{ kind: 'protected' }]);
  });
});

describe('what names no closed path', () => {
  it('is let through', async () => {
    const open = join(base, 'open');
    const config = {
      url: 'https://example.org/v1/items?path=/a&b=/c',
      bucket: 's3://bucket/folder/*.csv',
      jdbc: 'jdbc:postgresql://db.example.org:5432/shop',
      address: 'db.example.org:5432',
      pattern: '^\\d+\\.\\w+$',
      globs: ['**/*.csv', 'folder/**'],
      dates: '%Y/%m/%d',
      mime: 'application/json, text/csv;q=0.9',
      cron: '*/5 * * * *',
      range: '1..5',
      sentence: 'and/or either; see example.org/a ...',
      relative: 'folder/file.csv',
      here: './file.csv',
      key: '-----BEGIN KEY-----\nMIIE/abc+/def==\n',
      reference: 'secret_reference::SHOP#/etc/passwd',
      open,
      inside: `${open}/a/b.csv`,
      glob: `${open}/**/*.csv`,
      uri: `file://${open}/a.csv`,
      blanks: join(base, 'open folder', 'my file.csv'),
      query: `SELECT * FROM read_csv('${open}/a.csv') WHERE x = 1`,
      number: 4,
      none: null,
    };
    expect(await kinds(config)).toEqual({});
  });

  it('is detected quickly in texts of many megabytes', async () => {
    const before = performance.now();
    for (const part of ['/a ', '..', '%2f', 'x', 'https://a/b,'])
      await checkPaths({ text: part.repeat(1_000_000) }, rules);
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(await kindOf('/a '.repeat(1000))).toBe('outside');
  });

  it('is distinguished from what only begins like a protected path', async () => {
    expect(await kindOf(`${base}/project-of-mine/a`)).toBe('outside');
    expect(await kindOf(`${base}/my.env.bak`)).toBe('outside');
    expect(await kindOf(`see ${base}/my.env, please`)).toBe('protected');
  });
});
