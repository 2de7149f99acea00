/** `sluice-mcp sources` and `destinations`: what is saved, what was replaced or removed, and the way back. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { namesIn } from '../harness/machine.ts';
import { startOnTerminal, startTyped } from '../harness/terminal.ts';
import { MEADOW, makeWorkplace, SHELF, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
beforeEach(async () => {
  workplace = await makeWorkplace();
  server = await startServer({ workplace });
});
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

const save = (count: number, name = 'shop'): Promise<unknown> =>
  server.call('save_source', {
    name,
    connector: MEADOW,
    runtime: 'executable',
    config: { api_key: 'secret_reference::MEADOW_API_KEY', count },
  });
const where = (): string[] => ['--project-dir', workplace.project, '--env-file', workplace.envFile];
const typed = (...args: string[]) => startTyped(workplace, [...args, ...where()]).ended;
const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await typed(...args, '--json')).out) as T;
const file = (name = 'shop'): string => join(workplace.project, 'sources', `${name}.json`);
const saved = async (): Promise<{ id: string; config: { count: number } }> =>
  JSON.parse(await readFile(file(), 'utf8'));
interface Version {
  readonly version: string;
  readonly saved: { readonly config: { readonly count: number } };
}
const counts = async (): Promise<number[]> => (await history()).map(({ saved: { config } }) => config.count);
const history = (name = 'shop'): Promise<Version[]> => json<Version[]>('sources', 'history', name);

test('every version is stored: replaced, removed, restored; the newest comes first, and files are the person’s alone', async () => {
  for (const count of [1, 2, 3]) await save(count);
  expect(await counts()).toEqual([2, 1]);
  expect(await typed('sources', 'restore', 'shop')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Restored'),
  });
  expect((await saved()).config.count).toBe(2);
  // The version it replaced is stored in turn, and so is a removed one.
  expect(await counts()).toEqual([3, 2, 1]);
  expect(await typed('remove', 'source', 'shop', '--yes')).toMatchObject({ code: 0 });
  expect(await counts()).toEqual([2, 3, 2, 1]);
  const oldest = (await history()).at(-1)?.version ?? '';
  expect(await typed('sources', 'restore', 'shop', oldest)).toMatchObject({ code: 0 });
  expect((await saved()).config.count).toBe(1);
  const folder = join(workplace.project, 'history', 'source', 'shop');
  for (const name of await namesIn(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  expect(await server.call('start_sync', { source: 'shop', streams: ['users'], wait_seconds: 30 })).toMatchObject({
    state: 'complete',
    records: 1,
  });
});

test('a restored source belongs to the person: it has another id', async () => {
  await save(1);
  const { id } = await saved();
  await save(2);
  expect((await saved()).id).toBe(id);
  await typed('sources', 'restore', 'shop');
  expect((await saved()).id).not.toBe(id);
  expect(await server.fail('remove', { kind: 'source', name: 'shop' })).toMatchObject({ code: 'safe_mode' });
});

test('a version that an earlier Sluice stored next to the file is one of them', async () => {
  await save(5);
  const { id: _, ...old } = await saved();
  const previous = file().replace('.json', '.previous.json');
  await writeFile(previous, JSON.stringify({ ...old, config: { count: 4 } }));
  expect(await counts()).toEqual([4]);
  expect(await namesIn(join(workplace.project, 'sources'))).toEqual(['shop.json']);
  await save(6);
  expect(await counts()).toEqual([5, 4]);
});

test('pruning removes only stored versions, after confirmation: all of a name, or one', async () => {
  for (const count of [1, 2, 3]) await save(count);
  const [newest] = await history();
  expect(await typed('sources', 'prune', 'shop')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(await history()).toHaveLength(2);
  expect(await typed('sources', 'prune', 'shop', newest?.version ?? '', '--yes')).toMatchObject({ code: 0 });
  expect(await counts()).toEqual([1]);
  expect(await json('sources', 'prune', 'shop', '--yes')).toMatchObject({
    type: 'pruned',
    versions: [expect.any(String)],
  });
  expect((await saved()).config.count).toBe(3);
  expect(await typed('sources', 'history', 'shop')).toMatchObject({
    code: 0,
    out: expect.stringContaining('No earlier version'),
  });
  expect(await typed('sources', 'prune', 'shop', '--yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('No earlier version'),
  });
});

test('the list shows what is saved and what is only in the history; a pipe gets plain lines, a terminal is asked', async () => {
  await save(1);
  await save(2);
  await save(1, 'gone');
  await typed('remove', 'source', 'gone', '--yes');
  const { code, out, err } = await typed('sources');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/shop +\/\S+ +local \(executable\) .* 1\n/);
  expect(out).toMatch(/gone +removed +1\n/);
  expect(out).not.toContain('\u001b');
  expect(await json<object[]>('sources')).toMatchObject([
    { name: 'shop', kept_versions: 1 },
    { name: 'gone', removed: true },
  ]);
  const terminal = startOnTerminal(workplace, ['sources', 'prune', 'gone', ...where()]);
  terminal.child.stdin.write('y\n');
  expect(await terminal.ended).toMatchObject({ code: 0, out: expect.stringContaining('Removed 1 kept version') });
});

test('destinations have the same, apart from sources of the same name', async () => {
  const config = { destination_path: join(workplace.directory, 'shelf') };
  await mkdir(config.destination_path);
  const shelf = { name: 'shop', connector: SHELF, runtime: 'executable' };
  await server.close();
  server = await startServer({ workplace, environment: { SLUICE_WRITE_DIRS: config.destination_path } });
  await save(1);
  await server.call('save_destination', { ...shelf, config });
  await server.call('save_destination', { ...shelf, config: { ...config, batch: 5 } });
  expect(await json<object[]>('destinations', 'history', 'shop')).toMatchObject([
    { saved: { name: 'shop', connector: SHELF } },
  ]);
  expect(await history()).toEqual([]);
  expect(await typed('destinations', 'restore', 'shop')).toMatchObject({
    code: 0,
    out: expect.stringContaining('destination "shop"'),
  });
});

test.each([
  [['sources', 'histry', 'shop'], 'Did you mean history?'],
  [['sources', 'history'], 'needs the name of a source'],
  [['sources', 'history', 'shp'], 'There is no saved source'],
  [['sources', 'restore', 'none'], 'No earlier version'],
  [['sources', 'restore', 'shop', 'nothing'], 'no stored version'],
  [['sources', 'restore', '../sources/shop'], 'No earlier version'],
  [['destinations', 'prune', '..', '--yes'], 'No earlier version'],
  [['sources', 'list', 'a', 'b', 'c'], 'takes no further words'],
])('a mistake exits with status 2 and suggests a fix: %j', async (args, message) => {
  await save(1);
  await save(2);
  expect(await typed(...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  expect((await saved()).config.count).toBe(2);
  expect(await history()).toHaveLength(1);
});
