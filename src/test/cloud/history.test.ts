/** What get_status reports about a session's work in Airbyte Cloud: created, changed and deleted objects. */
import { expect, test } from 'vitest';
import { airbyteId, SEEDED_MANIFEST } from '../../../fixtures/airbyte/index.ts';
import { cloudForEach, UNGUARDED } from '../harness/airbyte.ts';

interface Entry {
  readonly realm: string;
  readonly kind: string;
  readonly id: string;
  readonly name?: string;
}
interface Call {
  readonly tool: string;
  readonly outcome: string;
  readonly made: Entry[];
  readonly changed: Entry[];
  readonly deleted: Entry[];
}

const cloud = cloudForEach({ environment: UNGUARDED });
const call = <T>(tool: string, args: object): Promise<T & { text: string }> => cloud.server.call<T>(tool, { ...args });
const history = (): Promise<{ history: Call[]; text: string }> => call('get_status', { include: ['history'] });
const short = ({ kind, name }: Entry): string => `${kind} ${name}`;

test('objects that were made, changed and deleted, each in its call; a deleted one stays in those before', async () => {
  const made = await call<{ id: string }>('create_cloud_object', {
    kind: 'connection',
    name: 'Line',
    source_id: 'Sample people',
    destination_id: 'Nowhere',
    streams: [{ stream: 'users' }],
  });
  const definition = await call<{ id: string }>('create_cloud_object', {
    kind: 'definition',
    name: 'Second survey',
    manifest: SEEDED_MANIFEST,
  });
  const line = { kind: 'connection', id: made.id };
  await call('update_cloud_object', { ...line, changes: { name: 'Other line', prefix: 'x_' } });
  // One that this session did not make.
  await call('update_cloud_object', { kind: 'source', id: 'Shop database', changes: { name: 'Shop' } });
  // A connection depends on it, and is not changed.
  await call('update_cloud_object', { kind: 'source', id: 'Sample people', changes: { config: { count: 5 } } });
  const refused = await cloud.server.fail('update_cloud_object', { ...line, changes: {} });
  await call('delete_cloud_object', { ...line, name: 'Other line' });
  await call('delete_cloud_object', { kind: 'definition', id: definition.id, name: 'Second survey' });
  // Its connection is deleted too.
  await call('delete_cloud_object', {
    kind: 'source',
    id: airbyteId('source', 1),
    name: 'Sample people',
    cascade: true,
  });
  const { history: calls, text } = await history();
  expect(
    calls.map(({ tool, outcome, made, changed, deleted }) => [
      tool.replace('_cloud_object', ''),
      outcome,
      made.map(short),
      changed.map(short),
      deleted.map(short).sort(),
    ]),
  ).toEqual([
    ['create', 'ok', ['connection Line'], [], []],
    ['create', 'ok', ['definition Second survey'], [], []],
    ['update', 'ok', [], ['connection Other line'], []],
    ['update', 'ok', [], ['source Shop'], []],
    ['update', 'ok', [], ['source Sample people'], []],
    ['update', refused.code, [], [], []],
    ['delete', 'ok', [], [], ['connection Other line']],
    ['delete', 'ok', [], [], ['definition Second survey']],
    ['delete', 'ok', [], [], ['connection Sample people → Nowhere', 'source Sample people']],
  ]);
  expect(calls[0]?.made[0]).toMatchObject({ realm: 'cloud', kind: 'connection', id: made.id });
  expect(calls[6]?.deleted[0]).toMatchObject({ realm: 'cloud', id: made.id });
  expect(text).toMatch(/delete_cloud_object: ok; deleted cloud connection "Other line"/);
  expect(text).toMatch(/update_cloud_object: ok; changed cloud source "Shop"/);
});
