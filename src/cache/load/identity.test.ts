/** Rows are identified and compared by the values that the source sent, never by their converted form. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../protocol/index.ts';
import type { PreparedSync } from './index.ts';
import { isOnDuckdb, type LoadContext, openLoadContext, stream } from './load-context.fixture.ts';

let context: LoadContext;
/** A stream, and its table, for each test. */
let s = '';
let made = 0;
beforeAll(async () => {
  context = await openLoadContext();
});
beforeEach(() => {
  made += 1;
  s = `s${made}`;
});
afterAll(() => context.close());

const DEDUP = 'incremental_deduped_history';
const INTEGER = { type: 'integer' };
const NUMBER = { type: 'number' };
const TEXT = { type: 'string' };
const DATE_TIME = { type: 'string', format: 'date-time' };
const line = (data: string): string =>
  `{"type":"RECORD","record":{"stream":"s","data":${data},"emitted_at":1700000000000}}`;
const keyed = (id: JsonObject, more: JsonObject = {}): Promise<PreparedSync> =>
  context.prepare([stream(s, { id, v: TEXT, ...more }, { defaultCursorField: [] })], DEDUP);
const ids = async (): Promise<unknown[]> =>
  (await context.rows(`SELECT CAST(id AS VARCHAR) FROM shop.${s} ORDER BY 1`)).map(([id]) => id);

describe('keys', () => {
  it('are 1,000 of 1,000 when a number field has integers of 19 digits', async () => {
    const numbers = Array.from({ length: 1000 }, (_value, index) => String(1_234_567_890_123_456_000n + BigInt(index)));
    const prepared = await keyed(NUMBER);
    await context.load(prepared, [line('{"id":7,"v":"small"}')]);
    const loaded = await context.load(
      prepared,
      numbers.map((id) => line(`{"id":${id},"v":"a"}`)),
    );
    expect(loaded).toMatchObject({ written: 1000, updated: 0, changed: {} });
    expect(loaded.grown).toEqual(['the column "id" became HUGEINT, because DOUBLE does not hold its values']);
    expect(await ids()).toEqual([...numbers, '7'].sort());
    // A schema that still declares a number does not change that.
    const again = await keyed(NUMBER);
    expect(await context.load(again, [line(`{"id":${numbers[3]},"v":"b"}`), line('{"id":7.0,"v":"b"}')])).toMatchObject(
      {
        written: 2,
        updated: 2,
        grown: [],
      },
    );
    expect(await context.rows(`SELECT count(*) FROM shop.${s} WHERE v = 'b'`)).toEqual([['2']]);
    // A fraction needs text, of which the integers are the same keys still.
    const { grown } = await context.load(again, [line('{"id":1.5,"v":"c"}'), line(`{"id":${numbers[4]},"v":"c"}`)]);
    expect(grown).toEqual(['the column "id" became VARCHAR, because HUGEINT does not hold its values']);
    const last = await keyed(NUMBER);
    expect(await context.load(last, [line('{"id":7,"v":"d"}'), line('{"id":1.5,"v":"d"}')])).toMatchObject({
      written: 2,
      updated: 2,
      grown: [],
    });
    expect(await context.rows(`SELECT count(*) FROM shop.${s}`)).toEqual([['1002']]);
  });

  it.each<[string, JsonObject, string[], string[]]>([
    ['texts in an integer part', INTEGER, ['"N/A"', '"TBD"', '12.5', '7', '"007"'], ['7', '12.5', '007', 'N/A', 'TBD']],
    ['what is no instant', DATE_TIME, ['"2024-01-01T00:00:00Z"', '"soon"'], ['2024-01-01 00:00:00+00', 'soon']],
    [
      'a seventh decimal',
      DATE_TIME,
      ['"2024-01-01T00:00:00.1234561Z"', '"2024-01-01T00:00:00.1234562Z"', '"2024-01-01T00:00:00.123456Z"'],
      ['2024-01-01T00:00:00.1234561Z', '2024-01-01T00:00:00.1234562Z', '2024-01-01 00:00:00.123456+00'],
    ],
    [
      'offsets of times',
      { type: 'string', format: 'time' },
      ['"10:00:00+01:00"', '"10:00:00+02:00"'],
      ['10:00:00+01:00', '10:00:00+02:00'],
    ],
    [
      'days with a time',
      { type: 'string', format: 'date' },
      ['"2024-01-01T01:00:00"', '"2024-01-01T02:00:00"'],
      ['2024-01-01T01:00:00', '2024-01-01T02:00:00'],
    ],
    [
      'decimals in texts',
      NUMBER,
      ['"1234567890123456.781"', '"1234567890123456.782"', '0.5'],
      ['0.5', '1234567890123456.781', '1234567890123456.782'],
    ],
    [
      'integers of a hundred digits',
      NUMBER,
      [`1${'0'.repeat(100)}`, `1${'0'.repeat(99)}1`],
      [`1${'0'.repeat(100)}`, `1${'0'.repeat(99)}1`],
    ],
    ['truth in several words', { type: 'boolean' }, ['true', '"yes"', '"1"', 'false'], ['true', 'yes', '1', 'false']],
  ])('distinguish %s, and find them again', async (_what, id, values, expected) => {
    for (const updated of [0, values.length]) {
      const prepared = await keyed(id);
      const lines = values.map((value) => line(`{"id":${value},"v":"x"}`));
      expect(await context.load(prepared, lines)).toMatchObject({ written: values.length, updated, changed: {} });
    }
    expect((await ids()).map(String).sort()).toEqual([...expected].sort());
  });

  it('are the same after their column had to become text', async () => {
    const prepared = await keyed(DATE_TIME, { n: NUMBER });
    await context.load(prepared, [
      line('{"id":"2024-01-01T00:00:00Z","v":"a"}'),
      line('{"id":"2024-01-01T00:00:00.5+01:00","v":"a"}'),
    ]);
    await context.load(prepared, [line('{"id":"soon","v":"b"}')]);
    const loaded = await context.load(prepared, [
      line('{"id":"2024-01-01t00:00:00z","v":"c"}'),
      line('{"id":"2023-12-31T23:00:00.500Z","v":"c"}'),
    ]);
    expect(loaded).toMatchObject({ written: 2, updated: 2 });
    expect(await context.rows(`SELECT v FROM shop.${s} ORDER BY v`)).toEqual([['b'], ['c'], ['c']]);
  });

  it('may be objects, and be nested in objects', async () => {
    const prepared = await keyed({ type: 'object' });
    const load = (v: string): Promise<unknown> =>
      context.load(
        prepared,
        ['{"a":1,"b":[2]}', '{"a":1,"b":[3]}', '{"a":9007199254740993}', '{"a":9007199254740992}'].map((id) =>
          line(`{"id":${id},"v":"${v}"}`),
        ),
      );
    expect(await load('a')).toMatchObject({ written: 4, updated: 0 });
    expect(await load('b')).toMatchObject({ written: 4, updated: 4 });
    expect(await context.rows(`SELECT count(*), min(v) FROM shop.${s}`)).toEqual([['4', 'b']]);
  });

  it('with U+0000 differ from those without', async () => {
    const prepared = await keyed(TEXT, { j: { type: 'object' } });
    const lines = ['"a\\u0000b"', '"ab"'].map((id) => line(`{"id":${id},"v":"x","j":{"k":${id}}}`));
    expect(await context.load(prepared, lines)).toMatchObject({ written: 2, updated: 0 });
    expect(await context.load(prepared, lines)).toMatchObject({ written: 2, updated: 2 });
    expect(await ids()).toEqual(isOnDuckdb() ? ['a\u0000b', 'ab'] : ['ab', 'a␀b']);
  });
});

describe('an integer beyond 2^53', () => {
  it('keeps its digits in a number column that is not a key, next to fractions too', async () => {
    const numbers = { id: INTEGER, n: NUMBER, m: NUMBER };
    const prepared = await context.prepare([stream(s, numbers)]);
    await context.load(prepared, [line('{"id":1,"n":1,"m":0.5}'), line('{"id":2,"n":3.0,"m":2}')]);
    const loaded = await context.load(prepared, [line('{"id":3,"n":9007199254740993,"m":9007199254740993}')]);
    expect(loaded).toMatchObject({ changed: {} });
    expect([...loaded.grown].sort()).toEqual([
      'the column "m" became VARCHAR, because DOUBLE does not hold its values',
      'the column "n" became HUGEINT, because DOUBLE does not hold its values',
    ]);
    expect(
      await context.load(await context.prepare([stream(s, numbers)]), [line('{"id":4,"n":4,"m":0.25}')]),
    ).toMatchObject({
      grown: [],
    });
    expect(await context.rows(`SELECT CAST(n AS VARCHAR), m FROM shop.${s} ORDER BY id`)).toEqual([
      ['1', '0.5'],
      ['3', '2'],
      ['9007199254740993', '9007199254740993'],
      ['4', '0.25'],
    ]);
  });

  it('does not turn an undeclared field into JSON if all its values are doubles', async () => {
    const prepared = await context.prepare([stream(s, { id: INTEGER })]);
    await context.load(prepared, [line('{"id":1,"n":5,"big":9007199254740993}')]);
    await context.load(prepared, [line('{"id":2,"n":1.5,"big":1.5}')]);
    expect(await context.rows(`SELECT n, CAST(big AS VARCHAR) FROM shop.${s} ORDER BY id`)).toEqual([
      [5, '9007199254740993'],
      [1.5, '1.5'],
    ]);
  });
});

describe('cursors', () => {
  async function winner(
    at: JsonObject,
    values: readonly JsonValue[],
    together: boolean,
    path = ['at'],
  ): Promise<unknown[]> {
    const prepared = await context.prepare(
      [stream(s, { id: INTEGER, at, v: INTEGER }, { defaultCursorField: path })],
      DEDUP,
    );
    const lines = values.map((value, v) => line(JSON.stringify({ id: 1, at: value, v })));
    let late = 0;
    for (const batch of together ? [lines] : lines.map((one) => [one]))
      late += (await context.load(prepared, batch)).late;
    return [(await context.rows(`SELECT v FROM shop.${s}`))[0]?.[0], late];
  }

  const cases: [string, JsonObject, JsonValue[], number, number][] = [
    ['numbers', TEXT, ['9', '10', '9.5'], 1, 1],
    ['long numbers', TEXT, ['12345678901234567891', '12345678901234567890', '12345678901234567890.5'], 0, 2],
    ['fractions', TEXT, ['1.10', '1.9', '1.5', '-3'], 1, 2],
    ['instants with offsets', TEXT, ['2024-01-01T09:00+07:00', '2024-01-01T03:00+00:00', '2024-01-01 02:30:00Z'], 1, 1],
    ['days and instants', TEXT, ['2024-02-29', '2024-02-29T00:00:01Z', '2024-02-28T23:59:59.9Z'], 1, 1],
    [
      'nanoseconds',
      TEXT,
      ['2024-01-01T00:00:00.123456789Z', '2024-01-01T00:00:00.12345679z', '2024-01-01T00:00:00.123456788Z'],
      1,
      1,
    ],
    ['nanoseconds of instants', DATE_TIME, ['2024-01-01T00:00:00.123456789Z', '2024-01-01T00:00:00.123456788Z'], 0, 1],
    ['US dates, which come in order', TEXT, ['12/31/2023', '01/02/2024'], 1, 0],
    ['words', TEXT, ['z', 'a', 'm'], 2, 0],
    ['days that are none', TEXT, ['2024-02-30', '2024-02-01', '2023-02-29'], 2, 0],
    ['a date-time that stops parsing', DATE_TIME, ['2024-01-02T00:00:00Z', 'n/a', '2024-01-01T00:00:00Z'], 2, 0],
    ['instants behind words', TEXT, ['5', 'n/a', '2024-01-02', '2024-01-03', '2024-01-01'], 3, 1],
    ['nothing at all behind something', TEXT, ['2', null, '1'], 0, 2],
    ['numbers and instants in JSON', {}, ['2024-01-02T00:00:00Z', 10, 9], 1, 1],
    ['integers beyond a double', NUMBER, [0, 1], 1, 0],
  ];
  it.each(cases.flatMap((one) => [true, false].map((together) => [...one, together] as const)))(
    'that are %s: the newest wins (%j %j: %i, late %i; one batch: %s)',
    async (_what, at, values, expected, late, together) => {
      expect(await winner(at, values, together)).toEqual([String(expected), late]);
    },
  );

  it('in objects are compared the same way', async () => {
    const values = [{ t: '2024-01-01T09:00+07:00' }, { t: '2024-01-01T03:00+00:00' }, { t: '2024-01-01T02:30Z' }];
    expect(await winner({ type: 'object' }, values, false, ['at', 't'])).toEqual(['1', 1]);
  });

  it('count late records of repeated keys', async () => {
    const prepared = await context.prepare(
      [
        stream(
          s,
          { id: INTEGER, part: TEXT, at: INTEGER },
          { defaultCursorField: ['at'], primaryKey: [['id'], ['part']] },
        ),
      ],
      DEDUP,
    );
    await context.load(prepared, [
      line('{"id":1,"part":"a","at":5}'),
      line('{"id":2,"at":5}'),
      line('{"id":3,"at":1}'),
    ]);
    const loaded = await context.load(prepared, [
      ...['{"id":1,"part":"a","at":3}', '{"id":1,"part":"a","at":4}'].map(line),
      ...['{"id":2,"at":6}', '{"id":2,"at":7}', '{"id":2,"at":6}'].map(line),
      ...['{"id":3,"at":1}', '{"id":4,"at":1}', '{"at":1}'].map(line),
    ]);
    expect(loaded).toMatchObject({ rows: 8, written: 4, updated: 2, late: 3, withoutKey: 1 });
  });
});

describe('a deletion that has only its key', () => {
  const deletedAt = '2024-01-01T00:00:00Z';
  const users = (at: JsonObject): Promise<PreparedSync> =>
    context.prepare(
      [stream(s, { id: INTEGER, at, v: TEXT, _ab_cdc_deleted_at: TEXT }, { defaultCursorField: ['at'] })],
      DEDUP,
    );

  it.each([
    [INTEGER, (at: number) => at],
    [DATE_TIME, (at: number) => `2024-01-0${at}T00:00:00Z`],
    [TEXT, (at: number) => `2024-01-0${at}T00:00:00Z`],
  ])('deletes by a cursor that the user chose: %j', async (type, at) => {
    const prepared = await users(type);
    const put = (id: number, when: number, v: string): string => line(JSON.stringify({ id, at: at(when), v }));
    const drop = (id: number): string => line(JSON.stringify({ id, _ab_cdc_deleted_at: deletedAt }));
    expect(
      await context.load(prepared, [put(1, 5, 'a'), put(2, 5, 'a'), put(3, 5, 'a'), put(4, 5, 'a')]),
    ).toMatchObject({
      written: 4,
    });
    const loaded = await context.load(prepared, [
      drop(1),
      // The record is back, with an older cursor.
      ...[drop(2), put(2, 3, 'b')],
      ...[put(3, 6, 'b'), drop(3)],
      ...[put(4, 4, 'late')],
      ...[put(5, 1, 'new'), drop(5), put(5, 2, 'b'), put(5, 1, 'late')],
    ]);
    expect(loaded).toMatchObject({ rows: 10, deleted: 2, updated: 1, written: 2, late: 2 });
    expect(await context.rows(`SELECT id, v FROM shop.${s} ORDER BY id`)).toEqual([
      ['2', 'b'],
      ['4', 'a'],
      ['5', 'b'],
    ]);
  });
});
