/** Sources read into destinations, through the real binary: saved, synced, resumed, removed. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { MEADOW, SHELF } from '../harness/workplace.ts';

const TOKEN = 'a-token-of-the-shelf-4711';
let server: TestServer;
beforeEach(async () => {
  server = await startServer({ envFileText: `MEADOW_API_KEY='a-key-of-the-meadow-77'\nSHELF_TOKEN=${TOKEN}\n` });
});
afterEach(() => server.close());

const subject = (config: Record<string, unknown> = {}) => ({
  connector: SHELF,
  runtime: 'executable',
  config: {
    destination_path: join(server.workplace.open, 'shelf'),
    token: 'secret_reference::SHELF_TOKEN',
    ...config,
  },
});

const meadow = (count: number) => ({
  name: 'meadow',
  connector: MEADOW,
  runtime: 'executable',
  config: { count, api_key: 'secret_reference::MEADOW_API_KEY' },
});

interface Sync {
  sync_id: string;
  state: string;
  destination?: string;
  dataset?: string;
  records: number;
  warnings: string[];
  errors: { message: string; from?: string }[];
  streams: { stream: string; mode: string; records: number; confirmed: number; committed_state: boolean }[];
}

const into = (args: Record<string, unknown> = {}): Promise<Sync & { text: string }> =>
  server.call<Sync>('start_sync', { source: 'meadow', destination: 'shelf', wait_seconds: 40, ...args });

async function written(stream: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(server.workplace.open, 'shelf', `${stream}.jsonl`), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

/** As the syncs of another source leave them. */
async function sixtyLater(syncId: string): Promise<void> {
  const syncs = join(server.workplace.project, 'syncs');
  const file = JSON.parse(await readFile(join(syncs, syncId, 'status.json'), 'utf8')) as { status: object };
  for (let at = 0; at < 60; at += 1) {
    const id = `29990101-000000-${(0x100000 + at).toString(16)}`;
    const other = { ...file.status, sync_id: id, source: 'other', destination: undefined, state: 'complete' };
    await mkdir(join(syncs, id));
    await writeFile(join(syncs, id, 'status.json'), JSON.stringify({ ...file, status: other }));
  }
}

test('a destination is validated, saved, listed, synced into, resumed, and removed', async () => {
  expect(await server.call('validate_config', subject())).toMatchObject({ valid: true });
  expect(await server.call('save_destination', { name: 'shelf', ...subject() })).toMatchObject({
    saved: true,
    replaced: false,
  });
  await server.call('save_source', meadow(120));
  const first = await into({ streams: ['users', 'notes'] });
  expect(first).toMatchObject({ state: 'complete', destination: 'shelf', records: 240, errors: [], warnings: [] });
  expect(first.dataset).toBeUndefined();
  expect(first.streams).toMatchObject([
    { stream: 'users', confirmed: 120, committed_state: true },
    { stream: 'notes', confirmed: 120 },
  ]);
  expect(first.text).toContain('into the destination "shelf": complete');
  expect(await written('users')).toHaveLength(120);
  // The cache knows nothing of it, and has states of its own.
  expect((await server.fail('describe_data')).code).toBe('no_data_yet');
  const cached = await server.call<Sync>('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 40 });
  expect(cached).toMatchObject({ state: 'complete', records: 120, dataset: 'meadow' });
  expect((await server.call('save_source', meadow(150))).text).toContain('Syncs continue from its states');
  // Without streams those of the last sync into this destination are read, not those of the last one into the cache.
  const second = await into();
  expect(second.streams.map(({ stream, records }) => [stream, records])).toEqual([
    ['users', 30],
    ['notes', 150],
  ]);
  expect(await written('users')).toHaveLength(150);

  const listed = await server.call<{ destinations: Record<string, unknown>[] }>('list_sources');
  expect(listed.destinations).toMatchObject([
    { name: 'shelf', runtime: 'executable', sources: ['meadow'], last_sync: { sync_id: second.sync_id } },
  ]);
  expect(listed.text).not.toContain(TOKEN);
  expect(await server.call('get_sync')).toMatchObject({ sync_id: second.sync_id, destination: 'shelf' });

  const log = await server.call<{ kept: string[] }>('remove', { kind: 'sync', name: first.sync_id });
  expect(log.kept.join()).toContain('records that it wrote to "shelf"');
  const removed = await server.call<{ removed: string[] }>('remove', { kind: 'destination', name: 'shelf' });
  expect(removed.removed.join('\n')).toContain('states that it confirmed');
  expect((await server.fail('start_sync', { source: 'meadow', destination: 'shelf' })).code).toBe(
    'unknown_destination',
  );
  await server.call('save_destination', { name: 'shelf', ...subject() });
  expect(await into({ streams: ['users'] })).toMatchObject({ records: 150 });
});

test('a source is not accepted as a destination, nor a destination as a source: the error names the tool', async () => {
  const asDestination = await server.fail('save_destination', { ...meadow(1), name: 'shelf' });
  expect(asDestination).toMatchObject({ code: 'other_kind', kind: 'input' });
  expect(asDestination.next).toContain('save_source');
  const asSource = await server.fail('save_source', { name: 'shelf', ...subject() });
  expect(asSource).toMatchObject({ code: 'other_kind' });
  expect(asSource.next).toContain('save_destination');
  expect(
    await server.fail('save_source', { name: 'shelf', connector: 'destination-burrow', config: {} }),
  ).toMatchObject({
    code: 'other_kind',
  });
});

test('a literal secret and a failing check are refused; a mode is chosen by the caller', async () => {
  const literal = await server.fail('save_destination', {
    name: 'shelf',
    ...subject({ token: 'typed-into-the-chat' }),
  });
  expect(literal).toMatchObject({ code: 'invalid_config', problems: [{ path: 'token' }] });
  expect(literal.text).not.toContain('typed-into-the-chat');
  const refused = await server.fail('save_destination', { name: 'shelf', ...subject({ behaviour: 'refuses' }) });
  expect(refused).toMatchObject({ code: 'check_failed' });
  await server.call('save_destination', { name: 'shelf', ...subject() });
  await server.call('save_source', meadow(5));
  const options = [{ stream: 'users', mode: 'incremental_append' }];
  expect((await into({ streams: ['users'], options })).streams[0]?.mode).toBe('incremental_append');
});

test('the token of a destination is redacted in answers, logs and files', async () => {
  await server.call('save_destination', { name: 'shelf', ...subject({ behaviour: 'babbles' }) });
  await server.call('save_source', meadow(20));
  const sync = await into({ streams: ['users'] });
  expect(sync.state).not.toBe('complete');
  expect(sync.errors).toMatchObject([{ from: 'destination', message: expect.stringContaining('was not accepted') }]);
  const { text } = await server.call('get_sync', { sync_id: sync.sync_id, log_lines: 100 });
  expect(text).toContain('connecting with');
  expect(text).not.toContain(TOKEN);
  for (const [path, bytes] of await server.workplace.files(server.workplace.project)) {
    expect(bytes.includes(TOKEN), path).toBe(false);
  }
});

test('a destination that is written to now is not removed; its sync is named', async () => {
  await server.call('save_destination', { name: 'shelf', ...subject() });
  const { config, ...slow } = meadow(100_000);
  await server.call('save_source', { ...slow, config: { ...config, delay_ms: 50 } });
  const { sync_id: id } = await into({ streams: ['users'], wait_seconds: 0 });
  await sixtyLater(id);
  const error = await server.fail('remove', { kind: 'destination', name: 'shelf' });
  expect(error).toMatchObject({ code: 'sync_running', details: { sync_id: id } });
  // The source is busy, whatever is asked of it.
  const cached = await server.call<Sync & { already_running: boolean }>('start_sync', {
    source: 'meadow',
    wait_seconds: 0,
  });
  expect(cached).toMatchObject({ sync_id: id, already_running: true, destination: 'shelf' });
  expect(cached.text).toContain('it goes elsewhere');
  await server.call('cancel_sync', { sync_id: id });
});

test('the log of a sync into a destination can be removed without a cache', async () => {
  await server.call('save_destination', { name: 'shelf', ...subject() });
  await server.call('save_source', meadow(3));
  const { sync_id: id } = await into({ streams: ['users'] });
  expect(await server.call('remove', { kind: 'sync', name: id })).toMatchObject({
    removed: [expect.stringContaining(id)],
  });
});

test('two sources that write a stream of the same name to one destination are warned', async () => {
  await server.call('save_destination', { name: 'shelf', ...subject() });
  await server.call('save_source', meadow(3));
  await server.call('save_source', { ...meadow(3), name: 'other' });
  expect((await into({ streams: ['users'] })).warnings).toEqual([]);
  const second = await into({ source: 'other', streams: ['users'] });
  expect(second.warnings).toEqual([
    expect.stringContaining('The source "meadow" writes a stream "users" to "shelf" too'),
  ]);
});

test('a connection string of another server is another target, one with another password is the same', async () => {
  const names = ['FIRST', 'SECOND', 'THIRD'];
  await server.workplace.writeEnvFile(
    [
      "MEADOW_API_KEY='a-key-of-the-meadow-77'",
      "FIRST_DSN='mongodb://me:first-password@one:1,two:2/things?w=1'",
      "SECOND_DSN='mongodb://me:second-password@one:1,two:2/things'",
      "THIRD_DSN='mongodb://me:first-password@elsewhere/things'",
    ].join('\n'),
  );
  await server.call('save_source', meadow(7));
  const counts: number[] = [];
  for (const name of names) {
    await server.call('save_destination', { name: 'shelf', ...subject({ token: `secret_reference::${name}_DSN` }) });
    counts.push((await into({ streams: ['users'] })).records);
  }
  expect(counts).toEqual([7, 0, 7]);
});

test('a destination whose secret is missing is saved again as a destination', async () => {
  await server.call('save_destination', { name: 'shelf', ...subject() });
  await server.call('save_source', meadow(7));
  await server.workplace.writeEnvFile("MEADOW_API_KEY='a-key-of-the-meadow-77'\n");
  const error = await server.fail('start_sync', { source: 'meadow', destination: 'shelf' });
  expect(error).toMatchObject({ code: 'invalid_config', next: expect.stringContaining('save_destination') });
});

test('a sync is found in the list however many came after it', async () => {
  await server.call('save_destination', { name: 'shelf', ...subject() });
  await server.call('save_source', meadow(3));
  const first = await into({ streams: ['users'] });
  await sixtyLater(first.sync_id);
  expect(await server.call('list_sources')).toMatchObject({
    sources: [{ name: 'meadow', last_sync: { sync_id: first.sync_id } }],
    destinations: [{ name: 'shelf', sources: ['meadow'], last_sync: { sync_id: first.sync_id } }],
  });
});
