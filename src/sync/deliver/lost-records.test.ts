/** Records that are lost on their way into a destination: the others arrive, and no later state is stored. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  catalogOf,
  openTestContext,
  type Part,
  recordLine,
  stateLine,
  type TestContext,
} from '../sync-context.fixture.ts';
import type { SyncStatus } from '../types.ts';
import { type TestDestination, testDestination } from './delivery-context.fixture.ts';

let context: TestContext;
let shelf: TestDestination;
beforeEach(async () => {
  context = await openTestContext(undefined, undefined, undefined, 2_000);
  shelf = await testDestination(context);
});
afterEach(() => context.close());

const item = catalogOf({ name: 'item', properties: { id: { type: 'integer' } }, incremental: true });
const play = async (parts: readonly Part[]): Promise<SyncStatus> =>
  context.sync(await shelf.into(await context.play('p', item, parts)));
const one = (id: number): string => recordLine('item', { id });

it('a record that is cut off makes the stream incomplete; its neighbours arrive', async () => {
  const status = await play([
    one(1),
    stateLine('item', { at: 1 }),
    `${one(2).slice(0, -30)}\n`,
    `INFO: ${one(3)}`,
    `${one(4).trim()}${recordLine('item', { id: 5, note: 'tab' }).replace('tab', 'a\tb')}`,
    stateLine('item', { at: 5 }),
  ]);
  expect(status).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', records: 4, lost: 1 }] });
  expect(status.warnings.join('\n')).toContain('"item": 1 record could not be read');
  expect(await shelf.written('item')).toMatchObject([{ id: 1 }, { id: 3 }, { id: 4 }, { id: 5, note: 'a\tb' }]);
  expect(await shelf.storedStates('p')).toContain('\\"at\\":1');
  expect(await shelf.storedStates('p')).not.toContain('\\"at\\":5');
  await play([one(2), one(3), stateLine('item', { at: 5 })]);
  expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 1 } } }]);
  expect(await shelf.storedStates('p')).toContain('\\"at\\":5');
});

it('a record count that differs from the source is a loss, until the missing records arrive', async () => {
  const short = await play([one(1), stateLine('item', { at: 1 }, { sent: 2 })]);
  expect(short).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', committed_state: false }] });
  const late = await play([
    one(1),
    stateLine('item', { at: 1 }, { sent: 2 }),
    one(2),
    stateLine('item', { at: 2 }, { sent: 0 }),
  ]);
  expect(late).toMatchObject({ state: 'complete', streams: [{ committed_state: true }] });
  expect(await shelf.storedStates('p')).toContain('\\"at\\":2');
});
