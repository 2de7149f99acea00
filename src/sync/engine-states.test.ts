import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../protocol/index.ts';
import { countsIn, ids, playIn } from './play.fixture.ts';
import { catalogOf, openTestContext, type Part, stateLine, type TestContext } from './sync-context.fixture.ts';
import type { SyncStatus } from './types.ts';

const ID = { id: { type: 'integer' } };
const AB: Catalog = catalogOf(
  { name: 'a', properties: ID, incremental: true },
  { name: 'b', properties: ID, incremental: true },
);

let context: TestContext;
beforeEach(async () => {
  // Small batches, so that few records make many.
  context = await openTestContext({ rows: 50, bytes: 1_000_000, ms: 10_000 });
});
afterEach(() => context.close());

const play = (catalog: Catalog, parts: readonly Part[], restart = false): Promise<SyncStatus> =>
  playIn(context, catalog, parts, { restart });
const counts = (table: string): Promise<number[]> => countsIn(context, table);

it('a state belongs to the stream as it was asked for, also where the connector writes no namespace; with another it is of another stream', async () => {
  const catalog = catalogOf({ name: 'a', namespace: 'public', properties: ID, incremental: true });
  await play(catalog, [ids(0, 10), stateLine('a', { at: 10 })]);
  await play(catalog, [ids(10, 5), stateLine('a', { at: 15 }), stateLine('a', { at: 20 }, { namespace: 'other' })]);
  expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 10 } } }]);
  await play(catalog, []);
  expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 15 } } }]);
  expect(await counts('a')).toEqual([15, 15, 14]);
});

describe('states of all streams', () => {
  const global = (at: number, streams: string[]): string => {
    const states = streams.map((name) => ({ stream_descriptor: { name }, stream_state: { at } }));
    return `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"lsn":9007199254740993},"stream_states":${JSON.stringify(states)}}}}\n`;
  };

  it('a GLOBAL state confirms every stream', async () => {
    const first = await play(AB, [
      ids(0, 80),
      ids(0, 40, 'b'),
      global(1, ['a', 'b']),
      ids(80, 20),
      ids(40, 20, 'b'),
      { exit: 1 },
    ]);
    expect(first.streams).toMatchObject([
      { rows: 80, committed_state: true },
      { rows: 40, committed_state: true },
    ]);
    await play(AB, [ids(80, 20), ids(40, 20, 'b'), global(2, ['a', 'b'])]);
    expect(await context.seenState()).toMatchObject([{ type: 'GLOBAL', global: { stream_states: [{}, {}] } }]);
    expect([await counts('a'), await counts('b')]).toEqual([
      [100, 100, 99],
      [60, 60, 59],
    ]);
    const [[text] = []] = await context.rows('SELECT state FROM _sluice.states');
    expect(text).toContain('9007199254740993');
  });

  it('a table that is gone starts over until a state says otherwise, however often it is interrupted', async () => {
    await play(AB, [ids(0, 60), ids(0, 60, 'b'), global(1, ['a', 'b'])]);
    await context.rows('DROP TABLE p.b');
    await play(AB, [ids(0, 10, 'b'), { exit: 1 }]);
    await play(AB, [ids(0, 60, 'b'), global(2, ['a', 'b'])]);
    expect(await context.seenState()).toMatchObject([
      { global: { stream_states: [{ stream_descriptor: { name: 'a' } }] } },
    ]);
    expect(await counts('b')).toEqual([60, 60, 59]);
  });

  it('a stream that was left out for a while starts over: the position of the others has passed its changes', async () => {
    await play(AB, [ids(0, 60), ids(0, 60, 'b'), global(1, ['a', 'b'])]);
    const onlyA = (await context.play('p', AB, [ids(60, 5), global(2, ['a', 'b'])])).streams.slice(0, 1);
    await context.sync({ ...(await context.play('p', AB, [ids(60, 5), global(2, ['a', 'b'])])), streams: onlyA });
    await play(AB, [ids(65, 5), ids(0, 62, 'b'), global(3, ['a', 'b'])]);
    expect(await context.seenState()).toMatchObject([
      { global: { stream_states: [{ stream_descriptor: { name: 'a' } }] } },
    ]);
    expect([await counts('a'), await counts('b')]).toEqual([
      [70, 70, 69],
      [62, 62, 61],
    ]);
    await play(AB, [ids(70, 5), ids(62, 5, 'b'), global(4, ['a', 'b'])]);
    expect(await context.seenState()).toMatchObject([{ global: { stream_states: [{}, {}] } }]);
    expect(await counts('b')).toEqual([67, 67, 66]);
  });

  it('a GLOBAL state waits for a table that is rebuilt', async () => {
    const options = [{ stream: 'a', mode: 'full_refresh_overwrite' as const }];
    await context.sync(await context.play('p', AB, [ids(0, 10), ids(0, 10, 'b'), global(1, ['b'])], options));
    // `a` is re-read beside its table: no state may say that it is there.
    const parts = [ids(0, 20), ids(10, 300, 'b'), global(2, ['a', 'b'])];
    const failed = await play(AB, [...parts, { exit: 1 }]);
    expect(failed.streams).toMatchObject([{ rows: 0 }, { rows: 0 }]);
    expect([await counts('a'), await counts('b')]).toEqual([
      [10, 10, 9],
      [10, 10, 9],
    ]);
    expect(await play(AB, parts)).toMatchObject({ state: 'complete' });
    expect(await context.seenState()).toMatchObject([
      { global: { stream_states: [{ stream_descriptor: { name: 'b' } }] } },
    ]);
    expect([await counts('a'), await counts('b')]).toEqual([
      [20, 20, 19],
      [310, 310, 309],
    ]);
  });

  it('a LEGACY state confirms every stream, and goes back as it came', async () => {
    const legacy = '{"type":"STATE","state":{"data":{"a":{"at": 9007199254740993},"b":1}}}\n';
    await play(AB, [ids(0, 80), ids(0, 40, 'b'), legacy, ids(80, 1), { exit: 1 }]);
    expect([await counts('a'), await counts('b')]).toEqual([
      [80, 80, 79],
      [40, 40, 39],
    ]);
    await play(AB, []);
    expect(await context.seenState()).toEqual({ a: { at: 9007199254740992 }, b: 1 });
  });
});
