import { afterEach, expect, test } from 'vitest';
import { longestSilence } from './silence.ts';
import {
  catalogOf,
  openTestContext,
  recordLine,
  stateLine,
  statusLine,
  type TestContext,
} from './sync-context.fixture.ts';

let context: TestContext | undefined;
afterEach(() => context?.close());

test.each([
  [undefined, 3_600],
  [10, 600],
  [600, 600],
  [5_400, 5_400],
  [86_400, 86_400],
])('the registry says %s seconds: %i', (said, seconds) => {
  expect(longestSilence(said)).toBe(seconds * 1000);
});

const catalog = catalogOf({ name: 'items', properties: { id: { type: 'integer' } }, incremental: true });
const item = (id: number): string => recordLine('items', { id });

test('a source that falls silent is ended with an error of its own, and what it confirmed is kept', async () => {
  context = await openTestContext(undefined, undefined, 2_000);
  const parts = [item(1), item(2), stateLine('items', { id: 2 }), item(3), { sleep: 600_000 }];
  const status = await context.sync(await context.play('quiet', catalog, parts));
  expect(status).toMatchObject({ state: 'incomplete', streams: [{ rows: 2 }] });
  expect(status.errors).toEqual([
    { message: expect.stringContaining('nothing for 2 seconds, its limit'), failure_type: 'transient_error' },
  ]);
  expect(await context.rows('SELECT count(*) FROM quiet.items')).toEqual([['2']]);
});

test('a source that is slow, and slow to begin, is not silent', async () => {
  context = await openTestContext(undefined, undefined, 2_000);
  const pause = { sleep: 1_300 };
  const status = await context.sync(
    await context.play('slow', catalog, [
      { sleep: 4_500 },
      ...[item(1), pause, item(2), pause, item(3), pause],
      stateLine('items', { id: 3 }) + statusLine('items', 'COMPLETE'),
    ]),
  );
  expect(status).toMatchObject({ state: 'complete', errors: [], streams: [{ rows: 3 }] });
});
