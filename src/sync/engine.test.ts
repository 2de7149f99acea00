import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../protocol/index.ts';
import { countsIn, ids, playIn } from './play.fixture.ts';
import {
  catalogOf,
  errorLine,
  openTestContext,
  type Part,
  recordLine,
  stateLine,
  statusLine,
  type TestContext,
} from './sync-context.fixture.ts';
import type { SyncStatus } from './types.ts';

const ID = { id: { type: 'integer' } };
const A: Catalog = catalogOf({ name: 'a', properties: ID, incremental: true });
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

describe('confirmed rows only', () => {
  it('keeps rows up to the last state, and the next sync continues from it', async () => {
    const first = await play(A, [ids(0, 120), stateLine('a', { at: 119 }), ids(120, 30), { exit: 1 }]);
    expect(first).toMatchObject({
      state: 'incomplete',
      streams: [{ state: 'incomplete', records: 150, rows: 120, committed_state: true }],
    });
    expect(first.errors[0]?.message).toContain('exit code 1');
    expect(first.warnings[0]).toContain('30 records of "a"');
    expect(await counts('a')).toEqual([120, 120, 119]);
    const second = await play(A, [ids(120, 30), stateLine('a', { at: 149 })]);
    expect(second).toMatchObject({ state: 'complete', errors: [], warnings: [] });
    expect(await context.seenState()).toMatchObject([{ type: 'STREAM', stream: { stream_state: { at: 119 } } }]);
    expect(await counts('a')).toEqual([150, 150, 149]);
  });

  it('takes the good end of a connector without statuses as a confirmation', async () => {
    const status = await play(A, [ids(0, 70), stateLine('a', 1), ids(70, 5)]);
    expect(status).toMatchObject({ state: 'complete', streams: [{ rows: 75 }] });
  });

  it('does not do so where the connector tells statuses', async () => {
    const status = await play(AB, [
      statusLine('a', 'STARTED'),
      ids(0, 7),
      statusLine('a', 'COMPLETE'),
      statusLine('b', 'STARTED'),
      ids(0, 3, 'b'),
      stateLine('b', 1),
      ids(3, 2, 'b'),
    ]);
    expect(status).toMatchObject({
      state: 'incomplete',
      streams: [
        { stream: 'a', state: 'complete', rows: 7 },
        { stream: 'b', state: 'incomplete', rows: 3, records: 5 },
      ],
    });
    expect(status.warnings.some((warning) => warning.includes('sent no state for "a"'))).toBe(true);
  });

  it('lets rows that wait long wait in the database, and moves them with their state', async () => {
    const status = await play(AB, [
      ids(0, 1000),
      ids(0, 20, 'b'),
      stateLine('b', 1),
      ids(1000, 230),
      stateLine('a', { at: 1229 }),
      ids(1230, 400),
      ids(20, 5, 'b'),
      { exit: 1 },
    ]);
    expect(status.streams).toMatchObject([
      { rows: 1230, records: 1630, committed_state: true },
      { rows: 20, records: 25 },
    ]);
    expect(await counts('a')).toEqual([1230, 1230, 1229]);
  });

  it('moves rows that wait at the good end too', async () => {
    expect(await play(A, [ids(0, 1000)])).toMatchObject({ state: 'complete', streams: [{ rows: 1000 }] });
    expect(await counts('a')).toEqual([1000, 1000, 999]);
  });
});

describe('outcomes', () => {
  it('counts an error with exit 0 as a failure', async () => {
    const status = await play(A, [ids(0, 10), errorLine('the API is down')]);
    expect(status).toMatchObject({
      state: 'failed',
      streams: [{ state: 'failed', rows: 0 }],
      errors: [{ message: 'the API is down', failure_type: 'system_error' }],
    });
    expect(await counts('a')).toEqual([0, 0, 0]);
  });

  it('says which stream failed, and keeps the others', async () => {
    const status = await play(AB, [
      ids(0, 60),
      stateLine('a', 1),
      statusLine('a', 'COMPLETE'),
      ids(0, 5, 'b'),
      errorLine('no permission', 'b'),
      statusLine('b', 'INCOMPLETE'),
      errorLine('some streams failed'),
      { exit: 1 },
    ]);
    expect(status).toMatchObject({
      state: 'incomplete',
      streams: [
        { stream: 'a', state: 'complete', rows: 60 },
        { stream: 'b', state: 'failed', rows: 0, error: 'no permission' },
      ],
    });
    expect(status.errors.map(({ stream }) => stream)).toEqual(['b', undefined]);
  });

  it('confirms the other streams of a good end when one has its own error', async () => {
    const status = await play(AB, [ids(0, 5), ids(0, 5, 'b'), errorLine('broken', 'b')]);
    expect(status).toMatchObject({
      state: 'incomplete',
      streams: [{ state: 'complete' }, { state: 'failed', rows: 0 }],
    });
  });

  it('tells noise, half lines, strays and unknown fields, and loads the rest', async () => {
    const status = await play(A, [
      'Traceback\n',
      recordLine('a', { id: 1, extra: 1 }),
      recordLine('zzz', { id: 1 }),
      '{"type":"RECORD","record":{"stream":"a","data":{"id":',
      '\n{"x":1}\n\n',
      recordLine('a', { id: 2 }),
      stateLine('nobody', 1),
    ]);
    expect(status).toMatchObject({ state: 'incomplete', streams: [{ rows: 2, lost: 1 }] });
    expect(status.warnings.join('\n')).toMatch(/truncated[\s\S]*extra|extra[\s\S]*truncated/);
    expect(status.warnings.join('\n')).toContain('"zzz"');
    expect(await context.syncs.log(status.sync_id, 50)).toContainEqual(expect.stringMatching(/stdout: Traceback$/));
  });

  it('takes output that is cut off for a good end only where every stream was whole before', async () => {
    const half = '{"type":"RECORD","record":{"stream":"a","data":{"id":{"x":1}';
    const cut = await play(A, [recordLine('a', { id: 1 }), half]);
    expect(cut).toMatchObject({ state: 'failed', errors: [{ message: expect.stringContaining('was cut off') }] });
    const whole = await play(A, [recordLine('a', { id: 1 }), statusLine('a', 'COMPLETE'), '{"type":"LOG","lo']);
    expect(whole).toMatchObject({ state: 'complete', errors: [], streams: [{ rows: 1 }] });
  });

  it('ends with a connector that kills itself', async () => {
    const status = await play(A, [
      ids(0, 5),
      stateLine('a', 1),
      { stderr: 'oh no\n' },
      { sleep: 100 },
      { kill: 'SIGKILL' },
    ]);
    expect(status).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', rows: 5 }] });
    expect(status.errors[0]?.message).toMatch(/SIGKILL.*: oh no/);
  });

  it('does not touch the dataset of another source', async () => {
    await context.sync(await context.play('p_x', A, [ids(0, 5)]));
    await context.rows('CREATE TABLE p_x._sluice_new__a AS SELECT 1 AS id');
    const status = await context.sync(await context.play('p-x', A, [ids(5, 5)]));
    expect(status).toMatchObject({ state: 'failed', errors: [{ failure_type: 'config_error' }] });
    expect(status.errors[0]?.message).toContain('"p_x"');
    expect(
      await context.rows('SELECT (SELECT count(*) FROM p_x.a), (SELECT count(*) FROM p_x._sluice_new__a)'),
    ).toEqual([['5', '1']]);
  });

  it('says of a program that does not start what the connectors say', async () => {
    const request = await context.play('p', A, []);
    const status = await context.sync({
      ...request,
      installed: { ...request.installed, start: { kind: 'process', command: ['/nowhere/program'] } },
    });
    expect(status).toMatchObject({ state: 'failed', streams: [{ state: 'failed' }] });
    expect(status.errors).toHaveLength(1);
  });
});

describe('full_refresh_overwrite', () => {
  const full = catalogOf({ name: 'f', properties: ID });

  it('replaces the table at the end, and leaves it as it is when the sync fails', async () => {
    expect(await play(full, [ids(0, 500, 'f')])).toMatchObject({ state: 'complete', streams: [{ rows: 500 }] });
    const failed = await play(full, [ids(500, 700, 'f'), { exit: 1 }]);
    expect(failed).toMatchObject({ state: 'failed', streams: [{ rows: 0, records: 700, committed_state: false }] });
    expect(await counts('f')).toEqual([500, 500, 499]);
    await play(full, [
      ids(0, 3, 'f'),
      stateLine('f', { __ab_no_cursor_state_message: true }),
      statusLine('f', 'COMPLETE'),
    ]);
    expect(await counts('f')).toEqual([3, 3, 2]);
    expect(await context.rows('SELECT count(*) FROM _sluice.states')).toEqual([['0']]);
    await play(full, []);
    expect(await counts('f')).toEqual([0, 0, 0]);
  });

  it('rebuilds the table when the stream changes to incremental', async () => {
    const options = [{ stream: 'a', mode: 'full_refresh_overwrite' as const }];
    await context.sync(await context.play('p', A, [ids(0, 100), stateLine('a', { at: 99 })], options));
    const status = await play(A, [ids(0, 110), stateLine('a', { at: 109 })]);
    expect(await context.seenState()).toBeUndefined();
    expect(status).toMatchObject({ state: 'complete', streams: [{ rows: 110, committed_state: true }] });
    expect(await counts('a')).toEqual([110, 110, 109]);
    await play(A, [ids(110, 1), stateLine('a', { at: 110 })]);
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 109 } } }]);
    expect(await counts('a')).toEqual([111, 111, 110]);
  });
});

describe('restart', () => {
  it('reads all again, and old table and state stay until it is done', async () => {
    await play(A, [ids(0, 100), stateLine('a', { at: 99 })]);
    const failed = await play(A, [ids(0, 60), stateLine('a', { at: 59 }), { exit: 1 }], true);
    expect(await context.seenState()).toBeUndefined();
    expect(failed).toMatchObject({ state: 'failed', streams: [{ rows: 0, committed_state: false }] });
    expect(await counts('a')).toEqual([100, 100, 99]);
    await play(A, [ids(100, 5), stateLine('a', { at: 104 })]);
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 99 } } }]);
    expect(await play(A, [ids(0, 60), stateLine('a', { at: 59 })], true)).toMatchObject({ state: 'complete' });
    expect(await counts('a')).toEqual([60, 60, 59]);
    await play(A, []);
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 59 } } }]);
  });
});

describe('large and many', () => {
  it('loads many streams with small and large records between them', async () => {
    const names = Array.from({ length: 40 }, (_value, at) => `s${at}`);
    const catalog = catalogOf(
      ...names.map((name) => ({
        name,
        properties: { id: { type: 'integer' }, t: { type: 'string' } },
        incremental: true,
      })),
    );
    const big = 'x'.repeat(9 * 1024 * 1024);
    const parts: Part[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (const name of names) {
        parts.push(recordLine(name, { id: round, t: `t${round}` }));
        if (name === 's7' && round % 4 === 1) parts.push(recordLine(name, { id: 100 + round, t: big }));
        if (round % 3 === 2) parts.push(stateLine(name, { round }));
      }
    }
    const status = await play(catalog, parts);
    expect(status).toMatchObject({ state: 'complete', warnings: [] });
    const rows = status.streams.map((stream) => stream.rows);
    expect(rows).toEqual(names.map((name) => (name === 's7' ? 13 : 10)));
    expect(await context.rows('SELECT id, length(t) FROM p.s7 ORDER BY id DESC LIMIT 4')).toEqual([
      ['109', String(big.length)],
      ['105', String(big.length)],
      ['101', String(big.length)],
      ['9', '2'],
    ]);
    expect(status.tables).toHaveLength(40);
    expect(join(...status.tables.slice(0, 2))).toBe('s0/s1');
  });
});
