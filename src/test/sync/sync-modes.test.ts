/** The modes of a sync as an assistant chooses them, and what is remembered of the choice. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;

interface Sync {
  readonly state: string;
  readonly streams: readonly { readonly mode: string; readonly rows: number }[];
}

beforeAll(async () => {
  workplace = await makeWorkplace();
  server = await startServer({ workplace });
  const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 40 };
  await server.call('save_source', { name: 'shop', connector: MEADOW, runtime: 'executable', config });
});

afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const sync = (args: object = {}): Promise<Sync> =>
  server.call<Sync>('start_sync', { source: 'shop', wait_seconds: 38, ...args });
const rows = async (): Promise<unknown> =>
  (await server.call<{ rows: unknown[][] }>('query', { sql: 'SELECT count(*), count(DISTINCT id) FROM shop.users' }))
    .rows[0];

test('the offer of the stream sets the default, a choice is remembered, and a later choice replaces it', async () => {
  expect(await sync({ streams: ['users'] })).toMatchObject({
    streams: [{ mode: 'incremental_deduped_history', rows: 40 }],
  });
  expect(await rows()).toEqual([40, 40]);
  const options = [{ stream: 'users', mode: 'full_refresh_append' }];
  expect(await sync({ options })).toMatchObject({ streams: [{ mode: 'full_refresh_append', rows: 40 }] });
  expect(await rows()).toEqual([80, 40]);
  // Without a word about it, and though another stream was read meanwhile.
  await sync({ streams: ['notes'] });
  expect(await sync({ streams: ['users'] })).toMatchObject({ streams: [{ mode: 'full_refresh_append' }] });
  expect(await rows()).toEqual([120, 40]);
  const merged = [{ stream: 'users', mode: 'incremental_deduped_history' }];
  expect(await sync({ options: merged })).toMatchObject({ state: 'complete' });
  expect(await rows()).toEqual([40, 40]);
  expect(await sync()).toMatchObject({ streams: [{ mode: 'incremental_deduped_history', rows: 0 }] });
});

test('restart reads one stream again and leaves the others as they are', async () => {
  await sync({ streams: ['users', 'orders'] });
  const restarted = await sync({ streams: ['users'], restart: true });
  expect(restarted).toMatchObject({ streams: [{ rows: 40 }] });
  expect(await sync({ streams: ['users', 'orders'] })).toMatchObject({ streams: [{ rows: 0 }, { rows: 0 }] });
});
