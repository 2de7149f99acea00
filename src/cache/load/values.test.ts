import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import { isOnDuckdb, type LoadContext, openLoadContext, record, stream } from './load-context.fixture.ts';

let context: LoadContext;
beforeEach(async () => {
  context = await openLoadContext();
});
afterEach(() => context.close());

const nulled = (field: string): object => ({ field, change: 'NULLED', reason: 'DESTINATION_TYPECAST_ERROR' });

describe('values', () => {
  async function one(schema: JsonObject, raw: string): Promise<{ value: unknown; type: string; changes: unknown }> {
    const prepared = await context.prepare([stream('v', { id: { type: 'integer' }, v: schema })]);
    await context.load(prepared, [
      `{"type":"RECORD","record":{"stream":"s","data":{"id":1,"v":${raw}},"emitted_at":1}}`,
    ]);
    const table = prepared.streams[0]?.target.table;
    const [row] = await context.rows(`SELECT CAST(v AS VARCHAR), typeof(v), _airbyte_meta, id FROM shop.${table}`);
    expect(row?.[3]).toBe('1');
    return {
      value: row?.[0],
      type: String(row?.[1]),
      changes: (JSON.parse(String(row?.[2])) as { changes: unknown }).changes,
    };
  }

  const integer = { type: ['null', 'integer'] };
  const dateTime = { type: 'string', format: 'date-time' };
  it.each([
    [integer, '9007199254740993', '9007199254740993'],
    [integer, '-9223372036854775808', '-9223372036854775808'],
    [integer, '12.0', '12'],
    [integer, '1e3', '1000'],
    [integer, '"42"', '42'],
    [integer, 'null', null],
    [{ type: 'number' }, '1.5', '1.5'],
    [{ type: 'number' }, '"2.25"', '2.25'],
    [{ type: 'number', airbyte_type: 'integer' }, '7', '7'],
    [{ type: ['integer', 'number'] }, '7', '7.0'],
    [{ type: 'boolean' }, 'false', 'false'],
    [{ type: 'string' }, '"x"', 'x'],
    [{ type: 'string' }, '{"a":1}', '{"a":1}'],
    [{ type: 'string' }, '12', '12'],
    [{ type: 'string', airbyte_type: 'big_number' }, '"1234567890123456.789012"', '1234567890123456.789012'],
    [{ type: 'string', format: 'date' }, '"2024-02-29"', '2024-02-29'],
    [{ type: 'string', format: 'date' }, '"2024-02-29T00:00:00Z"', '2024-02-29'],
    [dateTime, '"2024-01-15T10:00:00+05:30"', '2024-01-15 04:30:00+00'],
    [dateTime, '"2024-01-15T10:00:00"', '2024-01-15 10:00:00+00'],
    [{ type: 'string', format: 'time' }, '"10:00:00.5"', '10:00:00.5'],
    [{ type: 'object' }, '{"b":[1,{"c":null}]}', '{"b":[1,{"c":null}]}'],
    [{ type: ['string', 'object'] }, '"x"', 'x'],
    [{ type: ['string', 'object'] }, '{"a":"b"}', '{"a":"b"}'],
    [{ type: ['string', 'integer'] }, '7', '7'],
    [{ enum: ['a', 'b'] }, '"a"', 'a'],
    [{ allOf: [{ description: 'd' }, { type: 'string', format: 'date' }] }, '"2024-02-29"', '2024-02-29'],
    [{}, '"x"', 'x'],
    [{ oneOf: [{ type: 'null' }, { type: 'string' }] }, '"x"', 'x'],
    [{ $ref: 'WellKnownTypes.json#/definitions/Integer' }, '5', '5'],
    [{}, '[1]', '[1]'],
  ] as [JsonObject, string, string | null][])('%j takes %s as it is', async (schema, raw, expected) => {
    // Postgres writes an integral double without a fraction.
    const value = isOnDuckdb() ? expected : (expected?.replace(/^(\d)\.0$/, '$1') ?? null);
    expect(await one(schema, raw)).toMatchObject({ value, changes: [] });
  });

  it.each([
    [integer, '12.5'],
    [integer, '0.1'],
    [integer, '"1e-1"'],
    [integer, 'true'],
    [integer, '"abc"'],
    [integer, '{"a":1}'],
    [{ type: 'number' }, 'true'],
    [{ type: 'number' }, '"n/a"'],
    [{ type: 'boolean' }, '5'],
    [{ type: 'boolean' }, '"maybe"'],
    [{ type: 'string', format: 'date' }, '"2024-02-30"'],
    [{ type: 'string', format: 'date' }, '""'],
    [dateTime, '"yesterday"'],
    [dateTime, '1700000000'],
    [{ type: 'string', format: 'time' }, '"25:00:00"'],
  ] as [JsonObject, string][])('%j cannot hold %s: NULL, and a note', async (schema, raw) => {
    expect(await one(schema, raw)).toMatchObject({ value: null, changes: [nulled('v')] });
  });

  it.each([
    [{ type: 'string', format: 'date' }, '"2024-01-15T10:30:00"', '2024-01-15'],
    [{ type: 'string', format: 'time' }, '"10:00:00+02:00"', '10:00:00'],
  ] as [JsonObject, string, string][])('%j cuts %s, and notes it', async (schema, raw, expected) => {
    const { value, changes } = await one(schema, raw);
    expect(value).toBe(expected);
    expect(changes).toEqual([{ field: 'v', change: 'TRUNCATED', reason: 'DESTINATION_TYPECAST_ERROR' }]);
  });
});

describe('rows', () => {
  it('stores the changes that the source reports, and accepts any emitted_at', async () => {
    const prepared = await context.prepare([stream('s', { id: { type: 'integer' }, n: { type: 'integer' } })]);
    const theirs = { field: 'x', change: 'TRUNCATED', reason: 'SOURCE_FIELD_SIZE_LIMITATION' };
    await context.load(prepared, [
      record({ id: 1, n: 'x' }, { meta: { changes: [theirs] } }),
      record({ id: 2 }, { emitted_at: 'soon' }),
      record({ id: 3 }, { emitted_at: 1e30 }),
      record({ id: 4 }, { emitted_at: 1_700_000_000_000.5, meta: { changes: 'odd' } }),
      record({ id: 5 }, { meta: {} }),
    ]);
    const found = await context.rows(
      'SELECT id, _airbyte_meta, _airbyte_extracted_at IS NOT NULL, epoch_ms(_airbyte_extracted_at) FROM shop.s ORDER BY id',
    );
    expect(found.map((row) => [row[0], JSON.parse(String(row[1])), row[2]])).toEqual([
      ['1', { changes: [theirs, nulled('n')] }, true],
      ['2', { changes: [] }, true],
      ['3', { changes: [] }, true],
      ['4', { changes: [] }, true],
      ['5', { changes: [] }, true],
    ]);
    expect(found[3]?.[3]).toBe('1700000000000');
  });

  it('repairs a segment with broken characters, and skips what is not a record', async () => {
    const prepared = await context.prepare([
      stream('s', { id: { type: 'integer' }, t: { type: 'string' }, d: { type: 'number' } }),
    ]);
    const broken = Buffer.concat([
      Buffer.from('{"type":"RECORD","record":{"stream":"s","data":{"id":2,"t":"a'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('b"},"emitted_at":1}}'),
    ]);
    const lines = [
      record({ id: 9_007_199_254_740_000, t: 'ok 😀 \u0000' }),
      broken,
      '{"type":"RECORD","record":{"stream":"s","data":{"id":3,"t":"\\ud800x"},"emitted_at":1}}',
      '{"type":"RECORD","record":{"stream":"s","data":{"id":4,"t":"\\\\ud800"},"emitted_at":1}}',
      '{"type":"RECORD","record":{"stream":"s","data":{"id":5,"t":"\\ud83d\\ude00\\udc00"},"emitted_at":1}}',
      '{"type":"RECORD","record":{"stream":"s","data":{"id":6,"d":NaN,"t":"NaN"},"emitted_at":1}}',
      '{"type":"RECORD","record":{"stream":"s","data":{"id":7,"t":{"a":1}',
      '{"type":"RECORD","record":{"stream":"s","data":[8],"emitted_at":1}}',
      '{"type":"RECORD","record":{"stream":"s","data":null,"emitted_at":1}}',
      '{"type":"RECORD","record":{"stream":"s","data":{"id":9007199254740993,"t":"a","t":"b"},"emitted_at":1}}',
    ];
    // Nothing is loaded before it is known what is lost.
    await expect(context.load(prepared, lines)).rejects.toMatchObject({ counts: [1] });
    expect(await context.rows('SELECT count(*) FROM shop.s')).toEqual([['0']]);
    const loaded = await context.load(prepared, lines, { mayLose: true });
    expect(loaded).toMatchObject({ rows: 9, dropped: 1, changed: { data: 1, t: isOnDuckdb() ? 3 : 4 } });
    expect(await context.rows('SELECT id, t, d FROM shop.s ORDER BY id NULLS FIRST')).toEqual([
      [null, null, null],
      [null, null, null],
      ['2', 'a\ufffd\ufffdb', null],
      ['3', '\ufffdx', null],
      ['4', '\\ud800', null],
      ['5', '😀\ufffd', null],
      ['6', 'NaN', 'NaN'],
      // Postgres takes no U+0000.
      ['9007199254740000', isOnDuckdb() ? 'ok 😀 \u0000' : 'ok 😀 ', null],
      ['9007199254740993', 'a', null],
    ]);
  });

  it('distinguishes keys that differ in case only, and odd ones', async () => {
    const names = ['A', 'a', 'ä', 'Ä', '', 'a.b', 'x"y', "o'k", 'a/b~c', '_airbyte_meta', 'select', 'rowid'];
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
    const prepared = await context.prepare([stream('s', { ...properties, j: { type: 'object' } })]);
    await context.load(prepared, [
      record({ ...Object.fromEntries(names.map((name, at) => [name, `v${at}`])), j: { a: null } }),
      record({ j: null }),
    ]);
    const columns = prepared.streams[0]?.target.columns ?? [];
    expect(columns.map(({ field }) => field)).toEqual([...names, 'j']);
    expect(new Set(columns.map(({ column }) => column.toLowerCase())).size).toBe(columns.length);
    const list = columns.map(({ column }) => `"${column.replaceAll('"', '""')}"`).join(', ');
    expect(await context.rows(`SELECT ${list} FROM shop.s`)).toEqual([
      [...names.map((_name, at) => `v${at}`), '{"a":null}'],
      [...names.map(() => null), null],
    ]);
  });

  it('stores the complete record of a stream without a schema', async () => {
    const prepared = await context.prepare([stream('s', {})]);
    await context.load(prepared, [record({ any: [1] }), record({})]);
    expect(await context.rows('SELECT data FROM shop.s')).toEqual([['{"any":[1]}'], ['{}']]);
  });

  it('adds columns for fields that the schema does not have', async () => {
    const prepared = await context.prepare([stream('s', { id: { type: 'integer' } })]);
    const loaded = await context.load(prepared, [
      record({ id: 1, none: null }),
      record({ id: 2, extra: 1, ID: 'x', mixed: 1, tree: { a: 1 }, share: 1 }),
      record({ id: 3, mixed: 'x', share: 0.5 }),
    ]);
    expect(loaded.grown.join()).toContain('the field "extra" is not in the schema');
    expect(await context.rows('SELECT id, extra, "ID_2", mixed, tree, share FROM shop.s ORDER BY id')).toEqual([
      ['1', null, null, null, null, null],
      ['2', '1', 'x', '1', '{"a":1}', 1],
      ['3', null, null, '"x"', null, 0.5],
    ]);
    // The data overrides the guess, and the mapping is stored for the next sync.
    expect((await context.load(prepared, [record({ id: 4, extra: 'text' })])).grown.join()).toContain(
      '"extra" became JSON',
    );
    const again = await context.prepare([stream('s', { id: { type: 'integer' } })]);
    expect(await context.load(again, [record({ id: 5, extra: 2 })])).toMatchObject({ grown: [], changed: {} });
    expect(await context.rows('SELECT id, extra FROM shop.s WHERE extra IS NOT NULL ORDER BY id')).toEqual([
      ['2', '1'],
      ['4', '"text"'],
      ['5', '2'],
    ]);
  });

  it('stores integers of any length', async () => {
    const prepared = await context.prepare([stream('s', { id: { type: 'integer' }, n: { type: 'integer' } })]);
    const huge = '123456789012345678901234567890';
    const large = `${huge}${huge}`;
    const line = (id: number, n: string): string =>
      `{"type":"RECORD","record":{"stream":"s","data":{"id":${id},"n":${n}},"emitted_at":1}}`;
    await context.load(prepared, [line(1, '5')]);
    expect(await context.load(prepared, [line(2, huge), line(3, '12.5')])).toMatchObject({ changed: { n: 1 } });
    expect(await context.rows('SELECT id, CAST(n AS VARCHAR), typeof(n) FROM shop.s ORDER BY id')).toEqual([
      ['1', '5', 'HUGEINT'],
      ['2', huge, 'HUGEINT'],
      ['3', null, 'HUGEINT'],
    ]);
    expect(await context.load(prepared, [line(4, large)])).toMatchObject({ changed: {} });
    expect(await context.rows('SELECT id, n FROM shop.s ORDER BY id')).toEqual([
      ['1', '5'],
      ['2', huge],
      ['3', null],
      ['4', large],
    ]);
  });

  it('loads a record of 50 MB', async () => {
    const prepared = await context.prepare([stream('s', { id: { type: 'integer' }, t: { type: 'string' } })]);
    await context.load(prepared, [record({ id: 1, t: 'x'.repeat(50 * 1024 * 1024) })]);
    expect(await context.rows('SELECT id, length(t) FROM shop.s')).toEqual([['1', String(50 * 1024 * 1024)]]);
  });
});
