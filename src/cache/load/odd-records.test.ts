import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadContext, openLoadContext, record, stream } from './load-context.fixture.ts';

let context: LoadContext;
beforeEach(async () => {
  context = await openLoadContext();
});
afterEach(() => context.close());

const INTEGER = { type: 'integer' };
const TEXT = { type: 'string' };
const line = (data: string): string =>
  `{"type":"RECORD","record":{"stream":"s","data":${data},"emitted_at":1700000000000}}`;
const note = (field: string, change: string, reason = 'DESTINATION_TYPECAST_ERROR'): object => ({
  field,
  change,
  reason,
});
const changesIn = async (sql: string): Promise<unknown[]> =>
  (await context.rows(sql)).map(([meta]) => (JSON.parse(String(meta)) as { changes: unknown }).changes);

describe('a schema that appears and disappears', () => {
  it('stores the complete record next to its fields', async () => {
    await context.load(await context.prepare([stream('s', {})]), [record({ id: 1, x: 2 })]);
    await context.load(await context.prepare([stream('s', { id: INTEGER })]), [record({ id: 2, x: 3 })]);
    expect(await context.rows('SELECT data, id FROM shop.s ORDER BY data')).toEqual([
      ['{"id":1,"x":2}', null],
      ['{"id":2,"x":3}', '2'],
    ]);
  });

  it('finds keys of records without a schema among those with one', async () => {
    await context.load(await context.prepare([stream('s', { id: INTEGER, at: INTEGER })]), [record({ id: 1, at: 1 })]);
    const keyed = stream('s', {}, { defaultCursorField: ['at'] });
    const prepared = await context.prepare([keyed], 'incremental_deduped_history');
    await context.load(prepared, [record({ id: 1, at: 10 }), record({ id: 2, at: 1 })]);
    await context.load(prepared, [record({ id: 1, at: 9 })]);
    expect(await context.rows('SELECT id, "at", data FROM shop.s ORDER BY id')).toEqual([
      ['1', '10', '{"id":1,"at":10}'],
      ['2', '1', '{"id":2,"at":1}'],
    ]);
  });
});

describe('fields that the schema does not have', () => {
  it('are found regardless of their number and keys', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_value, index) => [`f${index}`, index]));
    const prepared = await context.prepare([stream('s', { id: INTEGER })]);
    const { grown } = await context.load(prepared, [record({ id: 1, ...many, 'a\u0000b': 5, 'x/y~z': 6 })]);
    expect(grown).toHaveLength(5);
    expect(grown.at(-1)).toContain('298 more fields');
    expect(await context.rows('SELECT f0, f299, ab, "x/y~z" FROM shop.s')).toEqual([['0', '299', '5', '6']]);
  });

  it('keep their integers exact', async () => {
    const prepared = await context.prepare([stream('s', { id: INTEGER })]);
    await context.load(prepared, [
      line('{"id":1,"huge":123456789012345678901234567890,"mixed":9007199254740993}'),
      line('{"id":2,"huge":1,"mixed":0.5}'),
    ]);
    expect(await context.rows('SELECT huge, mixed, typeof(huge) FROM shop.s ORDER BY id')).toEqual([
      ['123456789012345678901234567890', '9007199254740993', 'HUGEINT'],
      ['1', '0.5', 'HUGEINT'],
    ]);
  });

  it('are found in a file that has to be repaired, and their guessed types are overridden', async () => {
    const prepared = await context.prepare([stream('s', { id: INTEGER, t: TEXT })]);
    const huge = '61132090192641220376';
    const loaded = await context.load(prepared, [line('{"id":1,"t":"\\ud800"}'), line(`{"id":2,"huge":${huge}}`)]);
    expect(loaded.changed).toEqual({ t: 1 });
    expect(await context.rows('SELECT id, huge FROM shop.s ORDER BY id')).toEqual([
      ['1', null],
      ['2', huge],
    ]);
  });

  it('are counted under any name', async () => {
    const prepared = await context.prepare([stream('s', { constructor: INTEGER })]);
    expect((await context.load(prepared, [line('{"constructor":"x"}')])).changed).toEqual({ constructor: 1 });
  });
});

describe('what the database would change silently', () => {
  it.each([
    [{ type: 'number' }, '1e400', 'Infinity'],
    [{ type: 'string', format: 'date-time' }, '"2024-01-15T10:00:00.1234567Z"', '2024-01-15 10:00:00.123456+00'],
    [{ type: 'string', format: 'time' }, '"10:00:00.123456789"', '10:00:00.123456'],
    [{ type: 'string', format: 'date' }, '"2024-01-15 or so"', '2024-01-15'],
  ])('%j notes what it changes in %s', async (schema, raw, value) => {
    await context.load(await context.prepare([stream('s', { v: schema })]), [line(`{"v":${raw}}`)]);
    expect(await context.rows('SELECT v FROM shop.s')).toEqual([[value]]);
    expect(await changesIn('SELECT _airbyte_meta FROM shop.s')).toEqual([[note('v', 'TRUNCATED')]]);
  });

  it.each([
    [{ type: 'number' }, '1234567890123456', 1234567890123456],
    [{ type: 'number' }, '0.30000000000000004', 0.30000000000000004],
    [{ type: 'string', format: 'date-time' }, '"2024-01-15T10:00:00.123456000Z"', '2024-01-15 10:00:00.123456+00'],
    [{ type: 'string', format: 'date-time' }, '"2024-01-15T10:00:00.123456+00:00"', '2024-01-15 10:00:00.123456+00'],
  ])('%j notes nothing for %s', async (schema, raw, value) => {
    await context.load(await context.prepare([stream('s', { v: schema })]), [line(`{"v":${raw}}`)]);
    expect(await context.rows('SELECT v FROM shop.s')).toEqual([[value]]);
    expect(await changesIn('SELECT _airbyte_meta FROM shop.s')).toEqual([[]]);
  });

  it('does not round away a fraction after many digits', async () => {
    await context.load(await context.prepare([stream('s', { v: INTEGER })]), [line('{"v":"9007199254740993.5"}')]);
    expect(await context.rows('SELECT v FROM shop.s')).toEqual([[null]]);
    expect(await changesIn('SELECT _airbyte_meta FROM shop.s')).toEqual([[note('v', 'NULLED')]]);
  });

  it('counts values as changed if the table has them changed, also after a column was widened', async () => {
    const prepared = await context.prepare([stream('s', { v: INTEGER })]);
    await context.load(prepared, [line('{"v":1}')]);
    const segments = [
      await context.segment([line('{"v":12.5}')]),
      await context.segment([line(`{"v":${'9'.repeat(60)}}`)]),
    ];
    expect(await context.load(prepared, [], { segments })).toMatchObject({ rows: 2, changed: {} });
    expect(await context.rows('SELECT v FROM shop.s ORDER BY v')).toEqual([['1'], ['12.5'], ['9'.repeat(60)]]);
  });
});

describe('records that are not valid JSON', () => {
  it('notes a list instead of a record where keys differ in case only', async () => {
    const prepared = await context.prepare([stream('s', { A: INTEGER, a: INTEGER })]);
    expect(await context.load(prepared, [record({ A: 1, a: 2 }), record([8])])).toMatchObject({ rows: 2 });
    expect(await changesIn('SELECT _airbyte_meta FROM shop.s ORDER BY "A" NULLS FIRST')).toEqual([
      [note('data', 'NULLED', 'DESTINATION_SERIALIZATION_ERROR')],
      [],
    ]);
  });

  it('notes a broken character next to a NaN, and accepts every spelling of it', async () => {
    const prepared = await context.prepare([stream('s', { id: INTEGER, d: { type: 'number' }, t: TEXT })]);
    const loaded = await context.load(prepared, [
      line('{"id":1,"d":NaN,"t":"\\ud800"}'),
      line('{"id":2,"d":nan}'),
      line('{"id":3,"d":-inf}'),
    ]);
    expect(loaded).toMatchObject({ rows: 3, dropped: 0, changed: { t: 1 } });
    expect(await context.rows('SELECT id, d FROM shop.s ORDER BY id')).toEqual([
      ['1', 'NaN'],
      ['2', 'NaN'],
      ['3', '-Infinity'],
    ]);
  });

  it('accepts envelopes with a repeated key, and values nested too deeply for any stack', async () => {
    const prepared = await context.prepare([stream('s', { id: INTEGER, t: {} })]);
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const loaded = await context.load(prepared, [
      '{"type":"RECORD","record":{"stream":"s","data":{"id":1},"data":{"id":9},"emitted_at":1}}',
      '{"type":"RECORD","record":{"stream":"s","data":{"id":2}},"record":{"stream":"s","data":{"id":9}}}',
      line(`{"id":3,"t":${deep}}`),
      line('{"id":4,"t":"\\udc00"}'),
    ]);
    expect(loaded).toMatchObject({ rows: 4, dropped: 0, changed: { t: 2 } });
    expect(await context.rows('SELECT id FROM shop.s ORDER BY id')).toEqual([['1'], ['2'], ['3'], ['4']]);
  });

  it('accepts a schema with half a character in a name and at the cut of a description', async () => {
    const description = `${'x'.repeat(999)}😀`;
    const prepared = await context.prepare([stream('s', { '\ud800': INTEGER, d: { ...TEXT, description } })]);
    await context.load(prepared, [line('{"\\ud800":7,"d":"x"}')]);
    expect(await context.rows('SELECT "\ufffd", d FROM shop.s')).toEqual([['7', 'x']]);
  });
});

describe('which of two records is newer', () => {
  it('is not decided by a field named like one of the database', async () => {
    const one = stream('s', { id: INTEGER, rowid: INTEGER, v: TEXT }, { defaultCursorField: [] });
    const prepared = await context.prepare([one], 'incremental_deduped_history');
    await context.load(prepared, [record({ id: 1, rowid: 9, v: 'old' }), record({ id: 1, rowid: 3, v: 'new' })]);
    expect(await context.rows('SELECT id, v, rowid_2 FROM shop.s')).toEqual([['1', 'new', '3']]);
  });

  it.each([
    [['m', 'at'], (at: unknown) => ({ at })],
    [['m'], (at: unknown) => at],
  ])('compares numbers as numbers in JSON, at %j', async (cursor, wrap) => {
    const one = stream('s', { id: INTEGER, m: {} }, { defaultCursorField: cursor });
    const prepared = await context.prepare([one], 'incremental_deduped_history');
    const load = (at: unknown, v: number): Promise<unknown> =>
      context.load(prepared, [record({ id: 1, m: wrap(at), v })]);
    const storedValue = async (): Promise<unknown> => (await context.rows('SELECT v FROM shop.s'))[0]?.[0];
    await load(9, 1);
    await load(10, 2);
    expect(await storedValue()).toBe('2');
    await load(9.5, 3);
    expect(await storedValue()).toBe('2');
    await load(10, 4);
    expect(await storedValue()).toBe('4');
    await load(null, 5);
    expect(await storedValue()).toBe('4');
  });
});

it.each(['x', '\\n', '\\"'])('a text of many megabytes stays complete when its line is repaired: %s', async (part) => {
  const prepared = await context.prepare([stream('s', { id: INTEGER, t: TEXT, n: { type: 'number' } })]);
  const count = 12_000_000;
  const loaded = await context.load(prepared, [
    line(`{"id":1,"t":"${part.repeat(count)} NaN","n":NaN,"odd":"\\ud800"}`),
  ]);
  expect(loaded).toMatchObject({ rows: 1, dropped: 0, changed: { odd: 1 } });
  expect(await context.rows('SELECT length(t), n FROM shop.s')).toEqual([[String(count + 4), 'NaN']]);
});

describe('values nested deeper than a database can descend', () => {
  const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const objects = (depth: number): string => `${'{"a":'.repeat(depth)}"x"${'}'.repeat(depth)}`;
  const depthIn = (text: unknown): number => /^[[{"a:]*/.exec(String(text))?.[0].replaceAll(/[^[{]/g, '').length ?? 0;

  it.each([
    ['objects', objects(20_000)],
    ['lists', lists(100_000)],
    ['lists in objects', `{"a":${lists(50_000)}}`],
  ])('are cut at a depth, and noted; the rest of the record is unchanged: %s', async (_what, deep) => {
    const prepared = await context.prepare([stream('s', { id: INTEGER, doc: { type: 'object' }, t: TEXT })]);
    const text = `a "[[[[" text ${'['.repeat(3000)}`;
    const loaded = await context.load(prepared, [
      line(`{"id":1,"doc":${objects(5)},"t":"b"}`),
      line(`{"id":123456789012345678,"doc":${deep},"t":${JSON.stringify(text)},"other":${deep}}`),
    ]);
    expect(loaded).toMatchObject({ rows: 2, dropped: 0, changed: { doc: 1, other: 1 } });
    const [row] = await context.rows('SELECT id, t, doc, other FROM shop.s WHERE id > 1');
    expect(row?.slice(0, 2)).toEqual(['123456789012345678', text]);
    for (const value of row?.slice(2) ?? []) {
      expect(depthIn(value)).toBeGreaterThan(900);
      expect(depthIn(value)).toBeLessThanOrEqual(1000);
    }
    expect(await changesIn('SELECT _airbyte_meta FROM shop.s ORDER BY id')).toEqual([
      [],
      [
        note('doc', 'TRUNCATED', 'DESTINATION_FIELD_SIZE_LIMITATION'),
        note('other', 'TRUNCATED', 'DESTINATION_FIELD_SIZE_LIMITATION'),
      ],
    ]);
  });

  it('are not values that only contain many brackets', async () => {
    const prepared = await context.prepare([stream('s', { id: INTEGER, doc: { type: 'array' } })]);
    const wide = `[${Array.from({ length: 5000 }, () => '[{}]')}]`;
    const loaded = await context.load(prepared, [
      line(`{"id":1,"doc":${wide}}`),
      line(`{"id":2,"doc":[${lists(900)}]}`),
    ]);
    expect(loaded).toMatchObject({ rows: 2, changed: {} });
    expect(await context.rows('SELECT doc FROM shop.s ORDER BY id')).toEqual([[wide], [`[${lists(900)}]`]]);
  });
});
