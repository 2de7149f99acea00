/** A source whose schema changes: it is discovered again, and the sync's answer reports what happened to the tables. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import { syncOut } from '../harness/calls.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { makeUnguardedWorkplace } from '../harness/machine.ts';
import { type Played, play, recordOf, rowsOf, SCRIPT, type ScriptStream, streamJson } from '../harness/script.ts';
import type { Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
const start = (age?: string): Promise<TestServer> =>
  startServer({
    workplace,
    environment: {
      SLUICE_ALLOW_EXECUTABLES: join(SCRIPT, '..'),
      SLUICE_READ_DIRS: workplace.open,
      SLUICE_SCHEMA_MAX_AGE: age,
    },
  });
beforeAll(async () => {
  workplace = await makeUnguardedWorkplace();
  server = await start();
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const catalogPath = (): string => join(workplace.open, 'catalog.json');
const outputPath = (): string => join(workplace.open, 'output.jsonl');

/** Sets what the source offers from now on. */
async function offer(streams: readonly ScriptStream[], records: readonly string[]): Promise<void> {
  await writeFile(catalogPath(), JSON.stringify(streams.map(streamJson)));
  await writeFile(outputPath(), `${records.join('\n')}\n`);
}

async function sync(more: JsonObject = {}): Promise<Played> {
  const { sync_id } = await syncOut(server, { source: 'shop', ...more });
  return server.call<Played>('get_sync', { sync_id });
}

const users = (properties: JsonObject): ScriptStream => ({ name: 'users', properties });
const INTEGER = { type: 'integer' };

test('values that do not fit and new fields make the next sync discover again, which restores values that were NULL', async () => {
  await offer([users({ id: INTEGER, code: INTEGER })], [recordOf('users', { id: 1, code: 7 })]);
  const config = { catalog: catalogPath(), output: outputPath() };
  await server.call('save_source', { name: 'shop', connector: SCRIPT, runtime: 'executable', config });
  expect(await sync()).toMatchObject({ state: 'complete', warnings: [] });
  // The source has changed, and its cached schema is out of date.
  const changed = users({ id: INTEGER, code: { type: 'string' }, city: { type: 'string' } });
  await offer([changed], [recordOf('users', { id: 1, code: 'A-7', city: 'Bern' })]);
  const misfit = await sync();
  expect(misfit.streams[0]).toMatchObject({ changed_values: { code: 1 } });
  expect(await rowsOf(server, 'SELECT code, city FROM shop.users')).toEqual([[null, 'Bern']]);
  await offer([changed], [recordOf('users', { id: 1, code: 'A-7', city: 'Bern' })]);
  const asked = await sync();
  expect(asked).toMatchObject({ state: 'complete', streams: [{ mode: 'full_refresh_overwrite', rows: 1 }] });
  expect(await rowsOf(server, 'SELECT code, city FROM shop.users')).toEqual([['A-7', 'Bern']]);
});

test('an unknown stream is looked up at the source', async () => {
  await offer(
    [users({ id: INTEGER }), { name: 'orders', properties: { id: INTEGER } }],
    [recordOf('orders', { id: 5 })],
  );
  expect(await sync({ streams: ['orders'] })).toMatchObject({
    state: 'complete',
    streams: [{ stream: 'orders', rows: 1 }],
  });
  const unknown = await server.fail('start_sync', { source: 'shop', streams: ['ordres'] });
  expect(unknown).toMatchObject({ code: 'unknown_stream', next: expect.stringContaining('orders') });
});

test('an old schema is discovered again, and the answer reports what changed', async () => {
  const merged = (properties: JsonObject): ScriptStream => ({ ...users(properties), cursor: 'id', key: ['id'] });
  await offer([merged({ id: INTEGER, age: INTEGER })], [recordOf('users', { id: 1, age: 1 })]);
  await server.close();
  server = await start('1s');
  await server.call('list_streams', { source: 'shop', refresh: true });
  await sync({ streams: ['users'], restart: true });
  await offer(
    [merged({ id: INTEGER, age: { type: 'string' }, mail: { type: 'string' } })],
    [recordOf('users', { id: 2 })],
  );
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const { warnings, streams } = await sync({ streams: ['users'] });
  expect(streams[0]).toMatchObject({ added: 1, updated: 0, table_rows: 2 });
  const joined = warnings.join('\n');
  expect(joined).toContain('"users": the schema has a new field: the column "mail" (VARCHAR) was added.');
  expect(joined).toContain('the column became VARCHAR (was BIGINT)');
  expect(joined).toContain('come back when the stream is read in full again');
});

test('a full refresh that leaves nothing, or much less, is reported; an update is not', async () => {
  const many = Array.from({ length: 1_000 }, (_, id) => recordOf('users', { id }));
  const stream = users({ id: INTEGER });
  const first = await play(server, 'shrinks', [stream], `${many.join('\n')}\n`);
  expect(first.streams[0]).toMatchObject({ added: 1_000, table_rows: 1_000 });
  const less = await play(server, 'shrinks', [stream], `${many.slice(0, 99).join('\n')}\n`);
  expect(less.warnings.join('\n')).toContain('99 rows replaced the 1,000 that the table had');
  expect(less.text).toContain('99 rows replaced 1,000');
  const none = await play(server, 'shrinks', [stream], '');
  expect(none.warnings.join('\n')).toContain('0 rows replaced the 99');
  const merged = { ...stream, cursor: 'id', key: ['id'] };
  await play(server, 'merges', [merged], `${many.slice(0, 10).join('\n')}\n`);
  const next = await play(server, 'merges', [merged], `${many.slice(5, 20).join('\n')}\n`);
  expect(next.streams[0]).toMatchObject({ records: 15, added: 10, updated: 5, table_rows: 20 });
  expect(next.warnings).not.toContainEqual(expect.stringContaining('replaced the'));
});
