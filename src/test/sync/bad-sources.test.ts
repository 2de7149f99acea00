/** Names, streams, modes and fields that do not fit: refused with what fits, and nothing that was saved is lost. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 20 };
let workplace: Workplace;
let server: TestServer;
beforeAll(async () => {
  workplace = await makeWorkplace();
  server = await startServer({ workplace });
  await server.call('save_source', { name: 'my-meadow', connector: MEADOW, config });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const folder = (): string => join(workplace.project, 'sources');
const saved = async (name: string): Promise<string> => readFile(join(folder(), name), 'utf8');
/** The replaced versions of it, oldest first. */
const replacedVersions = async (): Promise<string[]> => {
  const history = join(workplace.project, 'history', 'source', 'my-meadow');
  const names = (await readdir(history).catch(() => [])).sort();
  return Promise.all(names.map((name) => readFile(join(history, name), 'utf8')));
};

describe('names of sources', () => {
  test.each([
    '',
    'Meadow',
    'my meadow',
    '../up',
    'a/b',
    '/abs',
    '.hidden',
    '-x',
    '1a',
    'é',
    'a\0b',
    'a\nb',
    'a'.repeat(64),
    'my-meadow.previous',
  ])('%j is refused with the rule', async (name) => {
    const before = await readdir(folder());
    const error = await server.fail('save_source', { name, connector: MEADOW, config });
    expect(error).toMatchObject({ kind: 'input', code: 'bad_source_name' });
    expect(error.next).toContain('lower-case');
    expect(await readdir(folder())).toEqual(before);
  });

  test.each(['main', 'temp', 'pg_catalog', 'information-schema', 'system'])('%s is reserved', async (name) => {
    const error = await server.fail('save_source', { name, connector: MEADOW, config });
    expect(error).toMatchObject({ kind: 'input', code: 'reserved_source_name' });
    expect(error.next).toMatch(/such as "/);
  });

  test('two names of one dataset clash', async () => {
    const error = await server.fail('save_source', { name: 'my_meadow', connector: MEADOW, config });
    expect(error).toMatchObject({
      kind: 'input',
      code: 'dataset_clash',
      message: expect.stringContaining('my-meadow'),
    });
    expect(await readdir(folder())).not.toContain('my_meadow.json');
  });

  test('the longest name that is allowed works', async () => {
    const name = `l${'o'.repeat(62)}`;
    expect(await server.call('save_source', { name, connector: MEADOW, config })).toMatchObject({ saved: true });
    expect(await server.call('list_sources', { name })).toMatchObject({ total: 1 });
  });

  test.each(['my_meadow', 'meadow', '../sources/my-meadow', 'my-meadow.json'])(
    '%j is not saved: near names',
    async (source) => {
      for (const [tool, args] of [
        ['list_sources', { name: source }],
        ['list_streams', { source }],
        ['preview_stream', { source, streams: ['users'] }],
        ['start_sync', { source }],
      ] as const) {
        const error = await server.fail(tool, args);
        expect(error, tool).toMatchObject({ kind: 'input', code: 'unknown_source' });
        expect(error.next).toContain('my-meadow');
      }
    },
  );
});

describe('saving again', () => {
  test('a configuration that fails leaves the saved one as it was', async () => {
    const before = await saved('my-meadow.json');
    const attempts = [
      [{ api_key: 'secret_reference::NO_SUCH' }, 'invalid_config'],
      [{ ...config, count: 'many' }, 'invalid_config'],
      [{ ...config, api_key: 'literal-key-of-the-meadow' }, 'invalid_config'],
    ] as const;
    for (const [attempt, code] of attempts) {
      const error = await server.fail('save_source', { name: 'my-meadow', connector: MEADOW, config: attempt });
      expect(error.code).toBe(code);
      expect(error.text).not.toContain('literal-key');
    }
    expect(await saved('my-meadow.json')).toBe(before);
    expect(await replacedVersions()).toEqual([]);
  });

  test("a check that the connector refuses leaves it too, and the connector's words are shown", async () => {
    const before = await saved('my-meadow.json');
    await workplace.writeEnvFile("MEADOW_API_KEY='a-key-of-the-meadow-77'\nBAD_KEY='wrong'\n");
    const bad = { ...config, api_key: 'secret_reference::BAD_KEY' };
    const error = await server.fail('save_source', { name: 'my-meadow', connector: MEADOW, config: bad });
    expect(error).toMatchObject({ kind: 'connector', code: 'check_failed' });
    expect(error.text).toContain('401 Unauthorized');
    expect(await saved('my-meadow.json')).toBe(before);
  });

  test('every replaced version is stored, and is not listed as a source', async () => {
    const first = await saved('my-meadow.json');
    const again = { name: 'my-meadow', connector: MEADOW, config: { ...config, seed: 2 } };
    expect(await server.call('save_source', again)).toMatchObject({ replaced: true });
    expect(await replacedVersions()).toEqual([first]);
    const second = await saved('my-meadow.json');
    await server.call('save_source', { ...again, config });
    expect(await replacedVersions()).toEqual([first, second]);
    const { sources } = await server.call<{ sources: { name: string }[] }>('list_sources');
    expect(sources.filter(({ name }) => name.startsWith('my-meadow'))).toHaveLength(1);
  });
});

describe('streams and options', () => {
  const sync = (args: object) => server.fail('start_sync', { source: 'my-meadow', ...args });

  test.each([
    ['misspelt', 'user'],
    ['empty', ''],
    ['endless', 'x'.repeat(3000)],
  ])('an unknown stream, %s: near names, in each tool', async (_what, stream) => {
    for (const [tool, args] of [
      ['list_streams', { stream }],
      ['preview_stream', { streams: ['orders', stream] }],
      ['start_sync', { streams: [stream] }],
      ['start_sync', { streams: ['users'], options: [{ stream }] }],
    ] as const) {
      // An empty text is what some clients send for an argument that is not there.
      if (stream === '' && tool === 'list_streams') continue;
      const error = await server.fail(tool, { source: 'my-meadow', ...args });
      expect(error, tool).toMatchObject({ kind: 'input', code: 'unknown_stream' });
      expect(error.next, tool).toContain('users');
      expect(error.text.length).toBeLessThan(1000);
    }
  });

  test.each([
    ['stream_twice', { streams: ['users', 'users'] }, /once/],
    ['option_without_stream', { streams: ['users'], options: [{ stream: 'orders' }] }, /Add "orders"/],
    ['option_twice', { streams: ['users'], options: [{ stream: 'users' }, { stream: 'users' }] }, /one/],
    [
      'mode_not_supported',
      { streams: ['notes'], options: [{ stream: 'notes', mode: 'incremental_append' }] },
      /full_refresh_overwrite/,
    ],
    [
      'primary_key_needed',
      { streams: ['users'], options: [{ stream: 'users', mode: 'incremental_deduped_history', primary_key: [] }] },
      /incremental_append/,
    ],
    [
      'cursor_not_used',
      { streams: ['users'], options: [{ stream: 'users', mode: 'full_refresh_overwrite', cursor_field: 'id' }] },
      /incremental mode/,
    ],
    [
      'cursor_defined_by_source',
      { streams: ['users'], options: [{ stream: 'users', cursor_field: 'created_at' }] },
      /updated_at/,
    ],
    ['unknown_key_field', { streams: ['users'], options: [{ stream: 'users', primary_key: ['idd'] }] }, /\bid\b/],
  ])('%s suggests valid values', async (code, args, next) => {
    const error = await sync(args);
    expect(error).toMatchObject({ kind: 'input', code });
    expect(error.next).toMatch(next);
  });

  test('none of these calls has started a sync', async () => {
    expect(await server.fail('get_sync')).toMatchObject({ code: 'no_syncs_yet' });
  });
});

describe('after a sync', () => {
  beforeAll(async () => {
    await server.call('start_sync', { source: 'my-meadow', streams: ['users'] });
  });

  test.each(['nope', '', '../../sources/my-meadow'])('the unknown sync %j: the latest ones are named', async (id) => {
    const { sync_id: latest } = await server.call<{ sync_id: string }>('get_sync');
    for (const tool of id === '' ? ['cancel_sync'] : ['get_sync', 'cancel_sync']) {
      const error = await server.fail(tool, { sync_id: id });
      expect(error).toMatchObject({ kind: 'input', code: 'unknown_sync' });
      expect(error.next).toContain(latest);
    }
  });

  test.each([
    ['describe_data', { dataset: 'my_meadw' }, 'unknown_dataset', 'my_meadow'],
    ['describe_data', { dataset: 'my_meadow', table: 'user' }, 'unknown_table', 'my_meadow.users'],
    ['describe_data', { dataset: '_sluice' }, 'unknown_dataset', 'my_meadow'],
    ['query', { sql: 'SELECT * FROM users' }, 'unknown_table', 'my_meadow.users'],
    ['query', { sql: 'SELECT * FROM my_meadow.user' }, 'unknown_table', 'my_meadow.users'],
    ['query', { sql: 'SELECT nam FROM my_meadow.users' }, 'unknown_column', 'name'],
  ])('%s %j: near names', async (tool, args, code, near) => {
    const error = await server.fail(tool, args);
    expect(error).toMatchObject({ kind: 'input', code });
    expect(error.text).toContain(near);
  });
});
