/** One call where one is enough: a source that is not saved is looked at and previewed, and a save continues into its sync. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { MEADOW } from '../harness/workplace.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const subject = {
  connector: MEADOW,
  runtime: 'executable',
  config: { count: 7, api_key: 'secret_reference::MEADOW_API_KEY' },
};

test('streams are listed and previewed with connector and config, and nothing is saved', async () => {
  const listed = await server.call<{ streams: { name: string }[] }>('list_streams', { ...subject, search: 'users' });
  expect(listed.streams).toMatchObject([{ name: 'users' }]);
  const preview = await server.call<{ streams: { records: object[] }[] }>('preview_stream', {
    ...subject,
    streams: ['users'],
    limit: 3,
  });
  expect(preview.streams[0]?.records).toHaveLength(3);
  expect(await server.call('list_sources')).toMatchObject({ total: 0 });
});

test('an invalid configuration is refused with every problem before anything is read', async () => {
  const wrong = { ...subject, config: { count: 'many', api_key: 'a-key-typed-in-the-chat' } };
  for (const [tool, more] of [
    ['list_streams', {}],
    ['preview_stream', { streams: ['users'] }],
  ] as const) {
    const error = await server.fail(tool, { ...wrong, ...more });
    expect(error.code, tool).toBe('invalid_config');
    expect(error.problems.map(({ path }) => path).sort()).toEqual(['api_key', 'count']);
    expect(error.text).not.toContain('a-key-typed-in-the-chat');
  }
});

test('both a saved source and a connector, or neither of them, is refused', async () => {
  expect(await server.fail('list_streams')).toMatchObject({ code: 'source_or_connector' });
  expect(await server.fail('list_streams', { source: 'x', connector: MEADOW })).toMatchObject({
    code: 'source_or_connector',
  });
  expect(await server.fail('preview_stream', { source: 'x', config: {}, streams: ['users'] })).toMatchObject({
    code: 'source_or_connector',
    next: expect.stringContaining('connector'),
  });
});

test('save_source with sync saves, syncs, and answers with both', async () => {
  const saved = await server.call('save_source', { name: 'meadow', ...subject, sync: true });
  expect(saved).toMatchObject({ saved: true, sync: { source: 'meadow', state: 'complete' } });
  expect(saved.text).toContain('Saved "meadow"');
  const { rows } = await server.call<{ rows: number[][] }>('query', { sql: 'SELECT count(*) FROM meadow.users' });
  expect(rows).toEqual([[7]]);
});
