import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, Stream } from '../../protocol/index.ts';
import { type LoadContext, openLoadContext, record, stream } from './load-context.fixture.ts';

let context: LoadContext;
beforeEach(async () => {
  context = await openLoadContext();
});
afterEach(() => context.close());

const DEDUP = 'incremental_deduped_history';
const properties = {
  id: { type: 'integer' },
  part: { type: 'string' },
  at: { type: 'integer' },
  name: { type: 'string' },
  _ab_cdc_deleted_at: { type: 'string' },
};
const users = (more: Partial<Stream> = {}): Stream => stream('s', properties, { defaultCursorField: ['at'], ...more });
const rows = (): Promise<unknown[][]> => context.rows('SELECT id, name FROM shop.s ORDER BY id, part, name');

async function load(one: Stream, ...batches: JsonObject[][]): Promise<unknown[]> {
  const prepared = await context.prepare([one], DEDUP);
  const loaded: unknown[] = [];
  for (const batch of batches)
    loaded.push(
      await context.load(
        prepared,
        batch.map((data) => record(data)),
      ),
    );
  return loaded;
}

describe('a table with one row for each key', () => {
  it('takes the newest record of a batch, and the later one if the cursors are equal', async () => {
    const loaded = await load(users(), [
      { id: 1, at: 2, name: 'new' },
      { id: 1, at: 1, name: 'old' },
      { id: 2, at: 5, name: 'first' },
      { id: 2, at: 5, name: 'second' },
      { id: 3, name: 'without' },
      { id: 3, at: 1, name: 'with' },
    ]);
    expect(loaded).toMatchObject([{ rows: 6, written: 3, deleted: 0, withoutKey: 0 }]);
    expect(await rows()).toEqual([
      ['1', 'new'],
      ['2', 'second'],
      ['3', 'with'],
    ]);
  });

  it('replaces rows by newer ones, not by late ones', async () => {
    const loaded = await load(
      users(),
      [
        { id: 1, at: 10, name: 'a' },
        { id: 2, at: 10, name: 'a' },
        { id: 3, at: 10, name: 'a' },
        { id: 4, name: 'a' },
      ],
      [
        { id: 1, at: 11, name: 'newer' },
        { id: 2, at: 9, name: 'late' },
        { id: 3, at: 10, name: 'same' },
        { id: 4, name: 'again' },
        { id: 5, at: 1, name: 'new' },
      ],
      [{ id: 1, name: 'no cursor' }],
    );
    expect(loaded).toMatchObject([{ written: 4 }, { written: 4 }, { written: 0, rows: 1 }]);
    expect(await rows()).toEqual([
      ['1', 'newer'],
      ['2', 'a'],
      ['3', 'same'],
      ['4', 'again'],
      ['5', 'new'],
    ]);
  });

  it('takes the last record if there is no cursor', async () => {
    await load(users({ defaultCursorField: [] }), [{ id: 1, at: 9, name: 'a' }], [{ id: 1, at: 1, name: 'b' }]);
    expect(await rows()).toEqual([['1', 'b']]);
  });

  it('has keys of several parts, some of them NULL, and stores records without a key', async () => {
    const loaded = await load(
      users({ primaryKey: [['id'], ['part']] }),
      [
        { id: 1, part: 'x', at: 1, name: 'a' },
        { id: 1, part: 'y', at: 1, name: 'b' },
        { id: 1, part: null, at: 1, name: 'c' },
        { id: 1, part: null, at: 2, name: 'd' },
        { at: 1, name: 'nobody' },
        { at: 1, name: 'nobody' },
      ],
      [
        { id: 1, part: null, at: 3, name: 'e' },
        { id: 1, part: 'x', at: 3, name: 'f' },
      ],
    );
    expect(loaded).toMatchObject([{ written: 5, withoutKey: 2 }, { written: 2 }]);
    expect(await rows()).toEqual([
      ['1', 'f'],
      ['1', 'b'],
      ['1', 'e'],
      [null, 'nobody'],
      [null, 'nobody'],
    ]);
  });

  it('has keys and cursors inside objects', async () => {
    const nested = stream(
      's',
      { data: { type: 'object' }, name: { type: 'string' } },
      { primaryKey: [['data', 'id']], defaultCursorField: ['data', 'at'] },
    );
    await load(
      nested,
      [
        { data: { id: 1, at: '2024-01-02' }, name: 'new' },
        { data: { id: 1, at: '2024-01-01' }, name: 'old' },
        { data: { id: 2, at: '2024-01-01' }, name: 'other' },
      ],
      [{ data: { id: 2, at: '2024-01-03' }, name: 'newer' }],
    );
    expect(await context.rows('SELECT name FROM shop.s ORDER BY name')).toEqual([['new'], ['newer']]);
  });

  it('loses the rows that were deleted in the source', async () => {
    const deletedAt = '2024-01-01T00:00:00Z';
    const loaded = await load(
      users(),
      [
        { id: 1, at: 1, name: 'a' },
        { id: 2, at: 1, name: 'b' },
        { id: 3, at: 9, name: 'c' },
      ],
      [
        { id: 1, at: 2, _ab_cdc_deleted_at: deletedAt },
        { id: 2, at: 2, _ab_cdc_deleted_at: deletedAt },
        { id: 2, at: 3, name: 'again' },
        { id: 3, at: 2, _ab_cdc_deleted_at: deletedAt },
        { id: 4, at: 2, _ab_cdc_deleted_at: deletedAt },
      ],
    );
    expect(loaded[1]).toMatchObject({ rows: 5, written: 1, deleted: 1 });
    expect(await rows()).toEqual([
      ['2', 'again'],
      ['3', 'c'],
    ]);
  });

  it('is made from an append-only one without re-reading anything', async () => {
    const appended = await context.prepare([users()]);
    await context.load(appended, [record({ id: 1, at: 1, name: 'a' }), record({ id: 1, at: 3, name: 'b' })]);
    await context.load(appended, [record({ id: 1, at: 2, name: 'c' }), record({ id: 2, at: 1, name: 'd' })]);
    const prepared = await context.prepare([users()], DEDUP);
    expect(prepared.streams[0]).toMatchObject({ resumes: true, writeMode: 'append' });
    expect(await rows()).toEqual([
      ['1', 'b'],
      ['2', 'd'],
    ]);
  });

  it('is rebuilt next to the old one, also when merged', async () => {
    await load(users(), [{ id: 1, at: 1, name: 'old' }]);
    const prepared = await context.prepare([users()], DEDUP, true);
    await context.load(prepared, [record({ id: 7, at: 1, name: 'a' })], { swap: false });
    expect(await rows()).toEqual([['1', 'old']]);
    await context.load(prepared, [record({ id: 7, at: 2, name: 'b' })]);
    expect(await rows()).toEqual([['7', 'b']]);
  });

  it('loads waiting rows before later ones', async () => {
    const prepared = await context.prepare([users({ defaultCursorField: [] })], DEDUP);
    await context.load(prepared, [record({ id: 1, name: 'waits' }), record({ id: 2, name: 'waits' })], {
      into: 'pending',
    });
    expect(await rows()).toEqual([]);
    expect(await context.load(prepared, [record({ id: 1, name: 'comes' })], { movePending: true })).toMatchObject({
      rows: 1,
      moved: 2,
      written: 2,
    });
    expect(await rows()).toEqual([
      ['1', 'comes'],
      ['2', 'waits'],
    ]);
  });

  it('starts over with a key that distinguishes more records, and continues with one that distinguishes fewer', async () => {
    const key = (...fields: string[]): Stream => users({ primaryKey: fields.map((field) => [field]) });
    const planOf = async (one: Stream): Promise<unknown> => {
      const [first] = (await context.prepare([one], DEDUP)).streams;
      return [first?.writeMode, first?.resumes];
    };
    await context.load(await context.prepare([key('id')], DEDUP), [
      record({ id: 1, part: 'a' }),
      record({ id: 1, part: 'b' }),
    ]);
    expect(await planOf(key('id', 'part'))).toEqual(['replace', false]);
    await context.load(await context.prepare([key('id', 'part')], DEDUP), [
      record({ id: 1, part: 'a' }),
      record({ id: 1, part: 'b' }),
    ]);
    expect(await context.rows('SELECT id, part FROM shop.s ORDER BY part')).toEqual([
      ['1', 'a'],
      ['1', 'b'],
    ]);
    expect(await planOf(key('part', 'id'))).toEqual(['append', true]);
    expect(await planOf(key('id'))).toEqual(['append', true]);
    expect(await context.rows('SELECT count(*) FROM shop.s')).toEqual([['1']]);
  });
});
