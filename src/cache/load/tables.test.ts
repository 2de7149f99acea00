import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStates, readStreams } from '../bookkeeping/index.ts';
import type { BatchLoad } from './index.ts';
import { isOnDuckdb, type LoadContext, openLoadContext, record, stream } from './load-context.fixture.ts';

let context: LoadContext;
beforeEach(async () => {
  context = await openLoadContext();
});
afterEach(() => context.close());

describe('tables over several syncs', () => {
  it('adds columns, widens types and loses nothing', async () => {
    const before = {
      id: { type: 'integer' },
      whole: { type: 'integer' },
      huge: { type: 'integer' },
      text: { type: 'string' },
      day: { type: 'string', format: 'date' },
      flag: { type: 'boolean' },
      gone: { type: 'string' },
      tree: { type: 'object' },
    };
    const first = await context.prepare([stream('s', before)]);
    await context.load(first, [
      record({
        id: 1,
        whole: 5,
        huge: 9_007_199_254_740_993n.toString(),
        text: 't',
        day: '2024-01-02',
        flag: true,
        gone: 'g',
        tree: { a: 1 },
      }),
    ]);
    const after = {
      id: { type: 'integer' },
      whole: { type: 'number' },
      huge: { type: 'number' },
      text: { type: 'object' },
      day: { type: 'string', format: 'date-time' },
      flag: { type: 'integer' },
      tree: { type: 'string' },
      fresh: { type: 'boolean' },
    };
    const second = await context.prepare([stream('s', after)]);
    expect(second.streams[0]?.writeMode).toBe('append');
    await context.load(second, [
      record({
        id: 2,
        whole: 1.5,
        huge: 2.5,
        text: { b: 1 },
        day: '2024-01-02T03:04:05Z',
        flag: 7,
        tree: 'leaf',
        fresh: true,
      }),
    ]);
    expect(
      await context.rows('SELECT id, whole, huge, text, day, flag, gone, tree, fresh FROM shop.s ORDER BY id'),
    ).toEqual([
      ['1', 5, '9007199254740993', '"t"', '2024-01-02 00:00:00+00', 'true', 'g', '{"a":1}', null],
      ['2', 1.5, '2.5', '{"b":1}', '2024-01-02 03:04:05+00', '7', null, '"leaf"', true],
    ]);
  });

  it('gives each stream its own permanent table', async () => {
    const schema = { id: { type: 'integer' } };
    const first = await context.prepare([
      stream('Orders', schema),
      stream('orders', schema),
      stream('_sluice_x', schema),
      stream('we/ird "n"', schema),
    ]);
    const names = first.streams.map(({ target }) => target.table);
    expect(names).toEqual(['Orders', 'orders_2', 't_sluice_x', 'we/ird "n"']);
    const later = await context.prepare([stream('orders', schema)]);
    expect(later.streams[0]?.target.table).toBe('orders_2');
    const known = await context.sql((connection) => readStreams(connection, { source: 'shop' }));
    expect(known.map(({ target }) => target.table)).toEqual(['Orders', 'orders_2', 't_sluice_x', 'we/ird "n"']);
    expect(known[0]?.primaryKey).toEqual([['id']]);
  });

  it('names tables by namespace if the catalog has several', async () => {
    const schema = { id: { type: 'integer' } };
    const prepared = await context.prepare([
      stream('t', schema, { namespace: 'a' }),
      stream('t', schema, { namespace: 'b' }),
    ]);
    expect(prepared.streams.map(({ target }) => target.table)).toEqual(['a__t', 'b__t']);
  });

  it('does not touch a table that somebody else created', async () => {
    await context.prepare([stream('own', { id: { type: 'integer' } })]);
    await context.sql((connection) => connection.run("CREATE TABLE shop.s AS SELECT 'so' AS mine"));
    const prepared = await context.prepare([stream('s', { id: { type: 'integer' } })]);
    expect(prepared.streams[0]?.target.table).toBe('s_2');
    expect(await context.rows('SELECT mine FROM shop.s')).toEqual([['so']]);
  });

  // Postgres has a test of its own for it, with its locks.
  if (isOnDuckdb())
    it('swaps a table while the old one is being read', async () => {
      const schema = stream('s', { id: { type: 'integer' } });
      const first = await context.prepare([schema], 'full_refresh_overwrite');
      await context.load(first, [record({ id: 1 })]);
      await context.database?.use('reader', async (reader) => {
        await reader.run('BEGIN TRANSACTION READ ONLY');
        const count = async (): Promise<unknown> =>
          (await reader.runAndReadAll('SELECT max(id) FROM shop.s')).getRowsJson();
        expect(await count()).toEqual([['1']]);
        const second = await context.prepare([schema], 'full_refresh_overwrite');
        await context.load(second, [record({ id: 2 })], { swap: false });
        expect(await context.rows('SELECT max(id) FROM shop.s')).toEqual([['1']]);
        await context.load(second, [record({ id: 3 })]);
        expect(await count()).toEqual([['1']]);
        await reader.run('ROLLBACK');
        expect(await count()).toEqual([['3']]);
      });
      expect(await context.rows('SELECT id FROM shop.s ORDER BY id')).toEqual([['2'], ['3']]);
    });

  it('loads a batch and its states, or neither', async () => {
    const both = await context.prepare([stream('s', { id: { type: 'integer' } }), stream('gone', {})]);
    const states = [{ kind: 'STREAM', stream: { name: 's' }, text: '1' }] as const;
    await context.rows('DROP TABLE shop.gone');
    const [, dropped] = both.streams;
    if (!dropped) throw new Error('nothing prepared');
    const empty = { prepared: dropped, movePending: true, into: 'table', segments: [], swap: false } as const;
    await expect(context.load(both, [record({ id: 1 })], {}, { more: [empty], states })).rejects.toThrow(
      /gone"? does not exist/,
    );
    expect(await context.rows('SELECT count(*) FROM shop.s')).toEqual([['0']]);
    expect(await context.rows('SELECT count(*) FROM _sluice.states')).toEqual([['0']]);
    await context.load(both, [record({ id: 1 })], {}, { more: [], states });
    expect(await context.rows('SELECT count(*) FROM shop.s')).toEqual([['1']]);
    expect(await context.rows('SELECT state FROM _sluice.states')).toEqual([['1']]);
  });

  it('stores states as they were written, and replaces them by kind', async () => {
    const prepared = await context.prepare([stream('s', { id: { type: 'integer' } })]);
    const state = { kind: 'STREAM', stream: { name: 's' }, text: '{"lsn":  9007199254740993.10}' } as const;
    const commit = (states: BatchLoad['states']): Promise<unknown> =>
      context.cache.loadBatch({ syncId: 'x', source: 'shop', streams: [], states, deleteStatesOf: [] });
    const read = (): Promise<unknown> => context.sql((connection) => readStates(connection, 'shop'));
    await commit([state]);
    await commit([state, { kind: 'STREAM', stream: { name: 's', namespace: 'n' }, text: '1' }]);
    expect(await read()).toHaveLength(2);
    expect(await read()).toContainEqual(state);
    await commit([{ kind: 'GLOBAL', text: '{"global":{}}' }]);
    expect(await read()).toEqual([{ kind: 'GLOBAL', text: '{"global":{}}' }]);
    expect(prepared.states).toEqual([]);
  });
});
