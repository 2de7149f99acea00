import { afterAll, beforeAll, expect, it } from 'vitest';
import { isOnDuckdb, type LoadContext, openLoadContext, record, stream } from './load-context.fixture.ts';

let context: LoadContext;
beforeAll(async () => {
  context = await openLoadContext();
});
afterAll(() => context.close());

it.each([
  '\ufeffid',
  '\u200bid',
  '\u00a0',
  '\u2028',
  '\ufeff',
  ' id ',
  '\tid',
  'a\r\nb',
  '\u0301',
  '\u202eid',
  'İ',
  'ſ',
  'ß',
  'K',
])('a column named %j exists at the second sync', async (name) => {
  for (const id of [1, 2]) {
    const prepared = await context.prepare([
      stream(`${name}t`, { id: { type: 'integer' }, [name]: { type: 'string' } }),
    ]);
    expect(await context.load(prepared, [record({ id, [name]: 'v', more: 1, [`${name}x`]: 'u' })])).toMatchObject({
      rows: 1,
      changed: {},
    });
    const column = prepared.streams[0]?.target.columns.find(({ field }) => field === name)?.column ?? '';
    const other = prepared.streams[0]?.target.columns.find(({ field }) => field === `${name}x`)?.column ?? '';
    const table = prepared.streams[0]?.target.table ?? '';
    const rows = await context.rows(`SELECT "${column}", "${other}" FROM shop."${table}"`);
    expect(rows).toEqual(Array.from({ length: id }, () => ['v', 'u']));
  }
});

it('takes as many filled columns as fit into a row of the database, and reports the limit', async () => {
  const names = Array.from({ length: 1400 }, (_value, index) => `column_with_a_longer_name_${index}`);
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const prepared = await context.prepare([stream('wide', { id: { type: 'integer' }, ...properties })]);
  const data = Object.fromEntries(names.map((name) => [name, 'some text in it']));
  const loaded = context.load(prepared, [record({ id: 1, ...data }), record({ id: 2 })]);
  if (isOnDuckdb()) expect(await loaded).toMatchObject({ rows: 2 });
  else
    await expect(loaded).rejects.toMatchObject({
      code: 'cache_row_too_large',
      next: expect.stringContaining('some 450 filled texts'),
    });
});
