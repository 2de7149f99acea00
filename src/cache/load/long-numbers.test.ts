/** Decimals that no double is: a column of text keeps their digits, a column of JSON notes what it does not keep. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoadContext, openLoadContext, stream } from './load-context.fixture.ts';

let context: LoadContext;
beforeAll(async () => {
  context = await openLoadContext();
});
afterAll(() => context.close());

const ID = { type: 'integer' };
const LONG = '1234567890123456.789012';
const line = (data: string): string => `{"type":"RECORD","record":{"stream":"s","data":${data},"emitted_at":1}}`;
const typecast = (field: string): object => ({ field, change: 'TRUNCATED', reason: 'DESTINATION_TYPECAST_ERROR' });

it('keeps the digits in texts, and notes them in JSON', async () => {
  const properties = {
    id: ID,
    t: { type: 'string' },
    either: { type: ['string', 'number'] },
    j: { type: 'object' },
    n: { type: 'number' },
  };
  const prepared = await context.prepare([stream('s', properties)]);
  const filler = Array.from({ length: 500 }, (_value, id) =>
    line(`{"id":${id + 10},"t":"x ${LONG} 1234567890.12345678901 y","j":{"a":0.30000000000000004}}`),
  );
  const loaded = await context.load(prepared, [
    ...filler,
    line(`{"id":1,"t":${LONG},"either":0.1000000000000000055511151231257827,"j":{"a":1},"n":1.5}`),
    line(`{"id":2,"t":"\\"${LONG}","j":{"a":[{"b\\"":${LONG}}],"t":${LONG}},"n":0.30000000000000004}`),
    line('{"id":3,"t":1234567890123456.50,"either":1.00000000000000000000,"j":{"a":1e-7}}'),
    line(`{"id":4,"either":-9007199254740993.5,"t":"${LONG}"}`),
  ]);
  expect(loaded).toMatchObject({ rows: 504, changed: { j: 1 } });
  const rows = await context.rows('SELECT t, either, _airbyte_meta FROM shop.s WHERE id < 10 ORDER BY id');
  expect(
    rows.map(([t, either, meta]) => [t, either, (JSON.parse(String(meta)) as { changes: unknown }).changes]),
  ).toEqual([
    [LONG, '0.1000000000000000055511151231257827', []],
    [`"${LONG}`, null, [typecast('j')]],
    ['1234567890123456.5', '1.0', []],
    [LONG, '-9007199254740993.5', []],
  ]);
});

it('distinguishes keys that differ only in such decimals', async () => {
  const keyed = stream('keys', { id: { type: 'number' } }, { defaultCursorField: [] });
  const load = async (): Promise<unknown> =>
    context.load(
      await context.prepare([keyed], 'incremental_deduped_history'),
      [1, 2, 3].map((end) => line(`{"id":${LONG}${end}}`)),
    );
  expect(await load()).toMatchObject({ written: 3, updated: 0 });
  expect(await load()).toMatchObject({ written: 3, updated: 3 });
  expect(await context.rows('SELECT id FROM shop.keys ORDER BY id')).toEqual([
    [`${LONG}1`],
    [`${LONG}2`],
    [`${LONG}3`],
  ]);
});
