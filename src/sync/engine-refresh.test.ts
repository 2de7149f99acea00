import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../protocol/index.ts';
import type { StreamOption } from './modes.ts';
import { countsIn, ids, playIn } from './play.fixture.ts';
import {
  catalogOf,
  openTestContext,
  recordLine,
  stateLine,
  statusLine,
  type TestContext,
} from './sync-context.fixture.ts';

const ID = { id: { type: 'integer' } };
const PLAIN: Catalog = catalogOf({ name: 'a', properties: ID, resumable: false });
const RESUMABLE: Catalog = catalogOf({ name: 'a', properties: ID, resumable: true });
const APPEND: StreamOption[] = [{ stream: 'a', mode: 'full_refresh_append' }];
const END = statusLine('a', 'COMPLETE');

let context: TestContext;
beforeEach(async () => {
  context = await openTestContext({ rows: 50, bytes: 1_000_000, ms: 10_000 });
});
afterEach(() => context.close());

describe('full_refresh_append', () => {
  it('adds what is whole, and nothing of what is not', async () => {
    await playIn(context, PLAIN, [ids(0, 120), stateLine('a', 1), END], { streams: APPEND });
    const broken = await playIn(context, PLAIN, [ids(0, 130), stateLine('a', 2), ids(130, 5), { exit: 1 }], {
      streams: APPEND,
    });
    expect(broken).toMatchObject({ state: 'failed', streams: [{ rows: 0, records: 135 }] });
    expect(await countsIn(context, 'a')).toEqual([120, 120, 119]);
    const again = await playIn(context, PLAIN, [ids(0, 130), END], { streams: APPEND });
    expect(again).toMatchObject({ state: 'complete', streams: [{ rows: 130 }] });
    expect(await context.seenState()).toBeUndefined();
    expect(await countsIn(context, 'a')).toEqual([250, 130, 129]);
  });

  it('continues where it was interrupted, and starts over after its end', async () => {
    await playIn(context, RESUMABLE, [ids(0, 60), stateLine('a', { at: 60 }), ids(60, 7), { exit: 1 }], {
      streams: APPEND,
    });
    expect(await countsIn(context, 'a')).toEqual([60, 60, 59]);
    await playIn(context, RESUMABLE, [ids(60, 20), END], { streams: APPEND });
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 60 } } }]);
    expect(await countsIn(context, 'a')).toEqual([80, 80, 79]);
    await playIn(context, RESUMABLE, [ids(0, 10), stateLine('a', { at: 10 }), END], { streams: APPEND });
    expect(await context.seenState()).toBeUndefined();
    expect(await countsIn(context, 'a')).toEqual([90, 80, 79]);
  });
});

describe('a refresh that can be resumed', () => {
  const left = ['_sluice_new__a'];

  it('keeps what it has read beside the old table, and swaps at its end', async () => {
    await playIn(context, RESUMABLE, [ids(900, 5), END]);
    const first = await playIn(
      context,
      RESUMABLE,
      [ids(0, 120), stateLine('a', { at: 120 }), ids(120, 9), { exit: 1 }],
      {
        left,
      },
    );
    expect(first).toMatchObject({ state: 'incomplete', streams: [{ rows: 0, committed_state: true }] });
    expect(first.warnings.join()).toContain('9 records of "a"');
    const second = await playIn(context, RESUMABLE, [ids(120, 30), stateLine('a', { at: 150 }), { exit: 1 }], { left });
    expect(second.state).toBe('incomplete');
    expect(await countsIn(context, 'a')).toEqual([5, 5, 904]);
    await playIn(context, RESUMABLE, [ids(150, 10), stateLine('a', { at: 160 }), END]);
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 150 } } }]);
    expect(await countsIn(context, 'a')).toEqual([160, 160, 159]);
    await playIn(context, RESUMABLE, [ids(0, 3), END]);
    expect(await context.seenState()).toBeUndefined();
    expect(await countsIn(context, 'a')).toEqual([3, 3, 2]);
  });

  it('grows with the data and the schema', async () => {
    const parts = [recordLine('a', { id: 1, extra: 'x' }), stateLine('a', { at: 1 }), { exit: 1 }];
    await playIn(context, RESUMABLE, parts, { left });
    const wider = catalogOf({ name: 'a', properties: { ...ID, more: { type: 'string' } }, resumable: true });
    await playIn(context, wider, [recordLine('a', { id: 2, extra: 'y', more: 'm' }), END]);
    expect(await context.rows('SELECT id, extra, more FROM p.a ORDER BY id')).toEqual([
      ['1', 'x', null],
      ['2', 'y', 'm'],
    ]);
  });

  it('starts over on restart, and when the stream is read in another way', async () => {
    const incremental = catalogOf({ name: 'a', properties: ID, incremental: true, resumable: true });
    const refresh: StreamOption[] = [{ stream: 'a', mode: 'full_refresh_overwrite' }];
    const begin = (): Promise<unknown> =>
      playIn(context, incremental, [ids(0, 60), stateLine('a', { at: 60 }), { exit: 1 }], { left, streams: refresh });
    await begin();
    await playIn(context, incremental, [ids(500, 5), END], { restart: true, streams: refresh });
    expect(await context.seenState()).toBeUndefined();
    expect(await countsIn(context, 'a')).toEqual([5, 5, 504]);
    await begin();
    await playIn(context, incremental, [ids(0, 70), stateLine('a', { at: 70 }), END]);
    expect(await context.seenState()).toBeUndefined();
    expect(await countsIn(context, 'a')).toEqual([70, 70, 69]);
  });

  it('is not taken for one where the state is sent out of habit', async () => {
    const habit = catalogOf({ name: 'a', properties: ID, incremental: true });
    const refresh: StreamOption[] = [{ stream: 'a', mode: 'full_refresh_overwrite' }];
    const first = await playIn(context, habit, [ids(0, 60), stateLine('a', { at: 60 }), { exit: 1 }], {
      streams: refresh,
    });
    expect(first.state).toBe('failed');
    const none = catalogOf({ name: 'a', properties: ID });
    const nothing = { __ab_no_cursor_state_message: true };
    await playIn(context, none, [ids(0, 60), stateLine('a', nothing), { exit: 1 }]);
    await playIn(context, none, [ids(0, 60), stateLine('a', nothing), END]);
    expect(await context.seenState()).toBeUndefined();
    expect(await countsIn(context, 'a')).toEqual([60, 60, 59]);
  });
});

describe('what the source counts', () => {
  it('is held against what was loaded', async () => {
    const incremental = catalogOf({ name: 'a', properties: ID, incremental: true });
    const good = await playIn(context, incremental, [
      ids(0, 60),
      stateLine('a', 1, { sent: 60 }),
      ids(60, 4),
      stateLine('a', 2, { sent: 4 }),
    ]);
    expect(good).toMatchObject({ state: 'complete', warnings: [] });
    const short = await playIn(context, incremental, [ids(64, 3), stateLine('a', 3, { sent: 5 })]);
    expect(short.warnings).toEqual([
      '"a": 2 records that the source reported did not arrive. Its state stays before them: the next sync reads from there again.',
      '3 records of "a" were read after records that were lost; they are not added, for the next sync reads them again with those.',
    ]);
    expect(short.streams).toMatchObject([{ state: 'incomplete', rows: 0 }]);
    // What is late may still come: then all is well.
    const late = await playIn(context, incremental, [
      ids(64, 3),
      stateLine('a', 4, { sent: 5 }),
      ids(67, 2),
      stateLine('a', 5, { sent: 0 }),
    ]);
    expect(late).toMatchObject({ state: 'complete', warnings: [], streams: [{ rows: 5 }] });
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: 2 } }]);
    // Also where the stream was said to be whole before.
    const last = await playIn(context, incremental, [
      ids(69, 3),
      stateLine('a', 6, { sent: 5 }),
      statusLine('a', 'COMPLETE'),
      ids(72, 2),
      statusLine('a', 'COMPLETE'),
      stateLine('a', 7, { sent: 0 }),
    ]);
    expect(last).toMatchObject({ state: 'complete', warnings: [], streams: [{ rows: 5 }] });
  });
});
