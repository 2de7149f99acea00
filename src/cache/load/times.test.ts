/** Dates and times in every form that is valid, and none that takes something from another row. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import { isOnDuckdb, type LoadContext, openLoadContext, stream } from './load-context.fixture.ts';

let context: LoadContext;
let made = 0;
beforeAll(async () => {
  context = await openLoadContext();
});
afterAll(() => context.close());

const DATE = { type: 'string', format: 'date' };
const DATE_TIME = { type: 'string', format: 'date-time' };
const TIME = { type: 'string', format: 'time' };
/** Loads texts into a column of the type: its values, each with what its row notes. */
async function valuesOf(type: JsonObject, texts: readonly string[]): Promise<unknown[][]> {
  made += 1;
  const prepared = await context.prepare([stream(`s${made}`, { id: { type: 'integer' }, v: type })]);
  const lines = texts.map((v, id) => ({ type: 'RECORD', record: { stream: 's', data: { id, v }, emitted_at: 1 } }));
  await context.load(
    prepared,
    lines.map((one) => JSON.stringify(one)),
  );
  const rows = await context.rows(`SELECT CAST(v AS VARCHAR), _airbyte_meta FROM shop.s${made} ORDER BY id`);
  return rows.map(([value, meta]) => {
    const { changes } = JSON.parse(String(meta)) as { changes: { change: string }[] };
    // Postgres and DuckDB write an era each in its way.
    const text = value === null ? null : String(value).replace(/^(\S+)( [^(]\S*)? BC$/, '$1 (BC)$2');
    return [text, ...changes.map(({ change }) => change)];
  });
}

it.each<[string, JsonObject, [string, ...(string | null)[]][]]>([
  [
    'zones by name, which hold for their own row alone',
    DATE_TIME,
    [
      ['2024-01-15 10:00:00', '2024-01-15 10:00:00+00'],
      ['2024-01-15 10:00:00 America/New_York', '2024-01-15 15:00:00+00'],
      ['2024-01-15 10:00:00', '2024-01-15 10:00:00+00'],
      ['2024-01-15 10:00:00 PST', '2024-01-15 18:00:00+00'],
      ['2024-01-15', '2024-01-15 00:00:00+00'],
      ['2024-01-15T10:00:00 Etc/GMT+5', '2024-01-15 15:00:00+00'],
      ['2024/01/15 10:00:00', '2024-01-15 10:00:00+00'],
      ['2024-01-15 10:00:00 NZ', '2024-01-14 21:00:00+00'],
      ['2024-01-15T10:00:00.5', '2024-01-15 10:00:00.5+00'],
      ['2024-01-15 10:00:00 Nowhere/Atall', null, 'NULLED'],
      ['12345-01-15 10:00:00', '12345-01-15 10:00:00+00'],
    ],
  ],
  [
    'RFC 3339 and ISO 8601',
    DATE_TIME,
    [
      ['2024-01-15t10:00:00z', '2024-01-15 10:00:00+00'],
      ['2016-12-31T23:59:60Z', '2017-01-01 00:00:00+00', 'TRUNCATED'],
      ['2024-01-15T10:30Z', '2024-01-15 10:30:00+00'],
      ['2024-01-15T10:30+05:30', '2024-01-15 05:00:00+00'],
      ['2024-01-15 10:30:00,25 +0100', '2024-01-15 09:30:00.25+00'],
      ['2024-01-15 10:30:00 UTC', '2024-01-15 10:30:00+00'],
      ['2024-02-30T10:30Z', null, 'NULLED'],
      ['2024-01-15T10:61Z', null, 'NULLED'],
      ['2024-01-15T1:02:03.1234567Z', '2024-01-15 01:02:03.123456+00', 'TRUNCATED'],
    ],
  ],
  [
    'eras and endless times',
    DATE_TIME,
    [
      ['0044-03-15 10:00:00 BC', '0044-03-15 (BC) 10:00:00+00'],
      ['0044-03-15 10:00:00+01 BC', '0044-03-15 (BC) 09:00:00+00'],
      ['infinity', 'infinity'],
      ['-infinity', '-infinity'],
      ['999999-12-31T00:00:00Z', null, 'NULLED'],
    ],
  ],
  [
    'days',
    DATE,
    [
      ['0044-03-15 BC', '0044-03-15 (BC)'],
      ['0044-03-15', '0044-03-15'],
      ['44-3-15 BC', '0044-03-15 (BC)'],
      ['999999-12-31', '999999-12-31'],
      ['2024-01-15T00:00:00Z', '2024-01-15'],
      ['2024-01-15T10:00:00Z', '2024-01-15', 'TRUNCATED'],
      ['2024-1-5', '2024-01-05'],
      ['2024-1-5 x', '2024-01-05', 'TRUNCATED'],
      ['infinity', 'infinity'],
      ['2024-13-01', null, 'NULLED'],
    ],
  ],
  [
    'times of a day',
    TIME,
    [
      ['10:30:00 PM', '22:30:00'],
      ['10:30 pm', '22:30:00'],
      ['12:05:00AM', '00:05:00'],
      ['12:05:00.5 PM', '12:05:00.5'],
      ['10:30:00', '10:30:00'],
      ['10:30Z', '10:30:00'],
      ['10:30:00z', '10:30:00'],
      ['10:30', '10:30:00'],
      ['10:30:00 99', null, 'NULLED'],
      ['13:00 PM', null, 'NULLED'],
      ['23:59:60', '00:00:00', 'TRUNCATED'],
      ['10:30:00+02:00', '10:30:00', 'TRUNCATED'],
      ['10:30:00.1234567', '10:30:00.123456', 'TRUNCATED'],
    ],
  ],
])('accepts %s', async (_what, type, cases) => {
  const together = await valuesOf(
    type,
    cases.map(([text]) => text),
  );
  expect(cases.map(([text], at) => [text, ...(together[at] ?? [])])).toEqual(cases);
});

it.each<[JsonObject, string, string]>([
  [DATE, '999999-12-31', '999999-12-31'],
  [DATE, '0044-03-15 BC', '0044-03-15 (BC)'],
  [TIME, '10:30:00 PM', '22:30:00'],
  [DATE_TIME, '2024-01-15T10:30Z', '2024-01-15 10:30:00+00'],
])('accepts a single value in its file, too: %j %s', async (type, text, expected) => {
  expect(await valuesOf(type, [text])).toEqual([[expected]]);
});

if (isOnDuckdb())
  it('returns infinite dates as such', async () => {
    await valuesOf(DATE, ['infinity', '-infinity', '0044-03-15 BC']);
    const sql = `SELECT v, [v] AS list, {'at': v, 'time': CAST(v AS TIMESTAMP)} AS both FROM shop.s${made} ORDER BY id`;
    const { rows } = await context.cache.query(sql, { limit: 10, offset: 0, signal: new AbortController().signal });
    expect(rows).toEqual([
      ['infinity', ['infinity'], { at: 'infinity', time: 'infinity' }],
      ['-infinity', ['-infinity'], { at: '-infinity', time: '-infinity' }],
      ['0044-03-15 (BC)', ['0044-03-15 (BC)'], { at: '0044-03-15 (BC)', time: '0044-03-15T00:00:00 (BC)' }],
    ]);
  });
