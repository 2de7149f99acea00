/** Faults while an object is created in Airbyte: it is created at most once, and the session records it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloudForEach, UNGUARDED } from '../harness/airbyte.ts';

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';

const cloud = cloudForEach();

const create = (args: Record<string, unknown>) => cloud.server.call<{ id: string }>('create_cloud_object', args);
const refused = (args: Record<string, unknown>) => cloud.server.fail('create_cloud_object', args);
const posts = (path: RegExp) =>
  cloud.airbyte.requests.filter((request) => request.method === 'POST' && path.test(request.path));

const people = { kind: 'source', name: 'People', connector: FAKER, config: { count: 3 } };
const sources = () => cloud.airbyte.state.sources.filter(({ name }) => name === 'People');

test.each([
  ['cut after', 'cloud_outcome_unknown', 1],
  ['bad json', 'cloud_outcome_unknown', 1],
  ['limited', 'cloud_rate_limited', 0],
  ['error', 'cloud_outcome_unknown', 0],
] as const)('%s is reported as %s and never sent twice', async (kind, code, made) => {
  cloud.airbyte.fault({ method: 'POST', path: /\/sources$/, times: 5, kind });
  const error = await refused(people);
  expect(error.code).toBe(code);
  expect(posts(/\/sources$/)).toHaveLength(1);
  expect(sources()).toHaveLength(made);
});

test('an expired token is renewed, and one object is created', async () => {
  await create(people);
  cloud.airbyte.expireTokens();
  await create({ ...people, name: 'Others' });
  expect(cloud.airbyte.state.sources.filter(({ name }) => name === 'Others')).toHaveLength(1);
});

test('a call that is cancelled while Airbyte works still records the created object in the ledger', async () => {
  cloud.airbyte.fault({ method: 'POST', path: /\/sources$/, kind: 'slow', milliseconds: 1500 });
  const controller = new AbortController();
  const call = cloud.server.call('create_cloud_object', people, { signal: controller.signal });
  call.catch(() => {});
  await expect.poll(() => sources().length, { timeout: 10_000 }).toBe(1);
  controller.abort();
  await expect(call).rejects.toThrow();
  const { id = '' } = sources()[0] ?? {};
  const deleteIt = { kind: 'source', id, name: 'People' };
  expect(await cloud.server.fail('delete_cloud_object', deleteIt)).toMatchObject({ code: 'safe_mode' });
  await expect
    .poll(
      async () =>
        (await cloud.server.client.callTool({ name: 'delete_cloud_object', arguments: deleteIt })).isError ?? false,
      { timeout: 10_000, interval: 400 },
    )
    .toBe(false);
  expect(sources()).toEqual([]);
});

test('a call that is cancelled and repeated joins the running operation, and the audit records its result', async () => {
  cloud.airbyte.fault({ method: 'POST', path: /\/sources$/, kind: 'slow', milliseconds: 1500 });
  const controller = new AbortController();
  const call = cloud.server.call('create_cloud_object', people, { signal: controller.signal });
  call.catch(() => {});
  await expect.poll(() => posts(/\/sources$/).length, { timeout: 10_000 }).toBe(1);
  controller.abort();
  await expect(call).rejects.toThrow();
  const again = await create(people);
  expect(sources().map(({ id }) => id)).toEqual([again.id]);
  expect(posts(/\/sources$/)).toHaveLength(1);
  const audit = await readFile(join(cloud.workplace.project, 'logs', 'audit.jsonl'), 'utf8');
  const lines = audit
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const ended = lines.filter(({ tool }) => tool === 'create_cloud_object');
  expect(ended.map(({ outcome, afterCancel = false }) => [outcome, afterCancel]).sort()).toEqual([
    ['cancelled', false],
    ['ok', false],
    ['ok', true],
  ]);
  expect(ended.find(({ afterCancel }) => afterCancel).object).toMatchObject({ id: again.id, name: 'People' });
});

test('a call that is cancelled before anything was sent can be repeated', async () => {
  cloud.airbyte.fault({ method: 'GET', path: /\/workspaces/, kind: 'slow', milliseconds: 1500 });
  const controller = new AbortController();
  const call = cloud.server.call('create_cloud_object', people, { signal: controller.signal });
  call.catch(() => {});
  await expect.poll(() => cloud.airbyte.requests.length, { timeout: 10_000 }).toBeGreaterThan(1);
  controller.abort();
  await expect(call).rejects.toThrow();
  const again = await create(people);
  expect(sources().map(({ id }) => id)).toEqual([again.id]);
});

test('two equal concurrent calls create one object, and both return its id', async () => {
  cloud.airbyte.fault({ method: 'POST', path: /\/sources$/, kind: 'slow', milliseconds: 1000 });
  const [one, other] = await Promise.all([create(people), create(people)]);
  expect(one.id).toBe(other.id);
  expect(posts(/\/sources$/)).toHaveLength(1);
});

test('plain http to another host is refused before anything is sent', async () => {
  await cloud.restart({
    environment: { ...UNGUARDED, AIRBYTE_CLOUD_API_URL: 'http://airbyte.example.com/api/public/v1' },
  });
  expect(await refused(people)).toMatchObject({ kind: 'setup' });
  expect(cloud.airbyte.requests).toEqual([]);
});

test('names that would deceive a reader are shown by their escapes', async () => {
  const made = await create({ ...people, name: 'safe\u202eecruos' });
  expect(made.text).toContain('safe\\u202eecruos');
  expect(cloud.airbyte.state.sources.at(-1)?.name).toBe('safe\u202eecruos');
});
