/** What DuckDB takes and Postgres does not: nothing of it fails a load, and what is changed is noted. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type LoadContext,
  openLoadContext,
  openLoadContextsOn,
  record,
  stream,
} from '../../cache/load/load-context.fixture.ts';
import { startPostgres, type TestPostgres } from '../harness/postgres.ts';
import { installPostgres } from '../harness/postgres-context.ts';
import { describeWith } from '../harness/requirements.ts';

let postgres: TestPostgres;
let context: LoadContext;

const truncated = (field: string): object => ({
  field,
  change: 'TRUNCATED',
  reason: 'DESTINATION_SERIALIZATION_ERROR',
});
const nulled = (field: string): object => ({ field, change: 'NULLED', reason: 'DESTINATION_TYPECAST_ERROR' });
const line = (data: string): string => `{"type":"RECORD","record":{"stream":"s","data":${data},"emitted_at":1}}`;

describeWith(['postgres'], 'values in Postgres', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
    openLoadContextsOn((_folder, stagingDirectory) => installPostgres(postgres, stagingDirectory));
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    context = await openLoadContext();
  });
  afterEach(() => context.close());

  const changes = async (): Promise<unknown[]> =>
    (await context.rows('SELECT _airbyte_meta FROM shop.s ORDER BY id')).map(
      ([meta]) => (JSON.parse(String(meta)) as { changes: unknown }).changes,
    );

  it('distinguishes NULL from the empty text, and changes no text', async () => {
    const texts = [
      '',
      ' ',
      '""',
      '"',
      "'",
      ',',
      '\\.',
      '\n\\.\n',
      '\\N',
      'NULL',
      '\r\n',
      '\t',
      'ä😀\u202e',
      '\u0001',
      '{}',
    ];
    const prepared = await context.prepare([
      stream('s', { t: { type: 'string' }, id: { type: 'integer' }, j: { type: 'object' } }),
    ]);
    const lines = texts.map((t, id) => record({ id, t, j: t }));
    expect(await context.load(prepared, [...lines, record({ id: 99, t: null, j: null })])).toMatchObject({
      changed: {},
    });
    const rows = await context.rows("SELECT t, j #>> '{}', j IS NULL FROM shop.s ORDER BY id");
    expect(rows).toEqual([...texts.map((text) => [text, text, false]), [null, null, true]]);
  });

  it('removes U+0000 from texts and JSON, and reports it', async () => {
    const prepared = await context.prepare([
      stream('s', { id: { type: 'integer' }, t: { type: 'string' }, j: { type: 'object' } }),
    ]);
    const loaded = await context.load(prepared, [
      line('{"id":1,"t":"a\\u0000b","j":{"k\\u0000":"\\u0000\\u0000x\\\\u0000"}}'),
      line('{"id":2,"t":"a\\\\u0000","j":{"k":"\\\\u0000"}}'),
      line('{"id":3,"t":"\\u0000"}'),
    ]);
    expect(loaded).toMatchObject({ rows: 3, changed: { t: 2, j: 1 } });
    expect(await context.rows('SELECT t, j FROM shop.s ORDER BY id')).toEqual([
      ['ab', JSON.stringify({ k: 'x\\u0000' })],
      ['a\\u0000', JSON.stringify({ k: '\\u0000' })],
      ['', null],
    ]);
    expect(await changes()).toEqual([[truncated('t'), truncated('j')], [], [truncated('t')]]);
  });

  it('takes the odd dates and numbers that both know', async () => {
    const prepared = await context.prepare([
      stream('s', {
        id: { type: 'integer' },
        d: { type: 'string', format: 'date' },
        at: { type: 'string', format: 'date-time' },
        n: { type: 'number' },
      }),
    ]);
    const loaded = await context.load(prepared, [
      record({ id: 1, d: '0044-03-15 (BC)', at: '0044-03-15 (BC) 10:00:00+00', n: 'NaN' }),
      record({ id: 2, d: '12345-01-02', at: 'infinity', n: 'Infinity' }),
      record({ id: 3, d: '-infinity', at: '12345-01-02T03:04:05Z', n: 5e-324 }),
      record({ id: 4, d: '2024-01-02', at: '2024-01-02T03:04:05.123456Z', n: -1.7976931348623157e308 }),
    ]);
    expect(loaded).toMatchObject({ changed: {} });
    expect(await context.rows('SELECT d::text, at::text, n FROM shop.s ORDER BY id')).toEqual([
      ['0044-03-15 BC', '0044-03-15 10:00:00+00 BC', 'NaN'],
      ['12345-01-02', 'infinity', 'Infinity'],
      ['-infinity', '12345-01-02 03:04:05+00', 5e-324],
      ['2024-01-02', '2024-01-02 03:04:05.123456+00', -1.7976931348623157e308],
    ]);
  });

  it('makes NULL with a note of what it does not take, and keeps the row', async () => {
    const prepared = await context.prepare([
      stream('s', {
        id: { type: 'integer' },
        d: { type: 'string', format: 'date' },
        at: { type: 'string', format: 'date-time' },
        j: { type: 'object' },
      }),
    ]);
    const loaded = await context.load(prepared, [
      record({ id: 1, d: '5000-01-01 (BC)', at: '6000-01-01 (BC) 00:00:00+00' }),
      line(`{"id":2,"j":{"n":1${'0'.repeat(200_000)}}}`),
      line(`{"id":3,"j":{"a":${'['.repeat(900)}1${']'.repeat(900)}}}`),
      line('{"id":4,"d":"2024-01-02","j":{"n":123456789012345678901234567890.10}}'),
    ]);
    expect(loaded).toMatchObject({ rows: 4, changed: { d: 1, at: 1 } });
    expect(await context.rows('SELECT id, d::text, at, j IS NULL FROM shop.s ORDER BY id')).toEqual([
      ['1', null, null, true],
      ['2', null, null, true],
      ['3', null, null, false],
      ['4', '2024-01-02', null, false],
    ]);
    const rounded = { ...truncated('j'), reason: 'DESTINATION_TYPECAST_ERROR' };
    expect(await changes()).toEqual([[nulled('d'), nulled('at')], [nulled('j')], [], [rounded]]);
  });

  it('cuts what does not fit an index that somebody has made', async () => {
    const prepared = await context.prepare([stream('s', { id: { type: 'integer' }, t: { type: 'string' } })]);
    await context.rows('CREATE INDEX mine ON shop.s (t)');
    const long = Array.from({ length: 9_000 }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7919) % 20_000))).join(
      '',
    );
    const loaded = await context.load(prepared, [record({ id: 1, t: long }), record({ id: 2, t: 'short' })]);
    expect(loaded).toMatchObject({ rows: 2, changed: { t: 1 } });
    expect(await context.rows('SELECT id, t = $$short$$ FROM shop.s ORDER BY id')).toEqual([
      ['1', false],
      ['2', true],
    ]);
    expect(await changes()).toEqual([
      [{ field: 't', change: 'TRUNCATED', reason: 'DESTINATION_FIELD_SIZE_LIMITATION' }],
      [],
    ]);
  });

  it('has JSON columns that can be keys', async () => {
    const keyed = stream(
      's',
      { id: { type: ['integer', 'object'] }, at: { type: 'integer' } },
      { defaultCursorField: ['at'] },
    );
    const prepared = await context.prepare([keyed], 'incremental_deduped_history');
    await context.load(prepared, [record({ id: 1, at: 1 }), record({ id: '1', at: 1 }), record({ id: 1, at: 2 })]);
    await context.load(prepared, [record({ id: '1', at: 3 })]);
    expect(await context.rows('SELECT id, at FROM shop.s ORDER BY at')).toEqual([
      ['1', '2'],
      ['"1"', '3'],
    ]);
  });
});
