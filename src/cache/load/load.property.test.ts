import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject, JsonValue, SyncMode } from '../../protocol/index.ts';
import { takesData } from '../convert/select-sql.ts';
import { type LoadContext, openLoadContext, stream } from './load-context.fixture.ts';
import { quoteName } from './names.ts';
import type { ColumnType } from './types.ts';
import { EMITTED_KEY } from './types.ts';

let context: LoadContext;
beforeAll(async () => {
  context = await openLoadContext();
});
/** The run that the time limit leaves behind. */
let underWay: Promise<void> = Promise.resolve();
afterAll(async () => {
  await underWay.catch(() => undefined);
  await context.close();
});

/** A value of a record: its JSON text, and what it means; NaN and integers of any length have no JsonValue. */
interface Value {
  readonly text: string;
  readonly means: JsonValue | bigint | undefined;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const NAMES = ['a', 'A', 'b.c', 'x y', 'q"q', "o'k", '', 'ä', 'Ä', '_airbyte_meta', 'rowid', 'a/b~c', '\u0000z', '😀'];
const OWN_NAMES = ['constructor', '__proto__', 'emitted_at', 'SEQ'];
const TYPES: JsonObject[] = [
  { type: 'integer' },
  { type: ['null', 'integer'] },
  { type: 'number' },
  { type: 'boolean' },
  { type: 'string' },
  { type: 'string', format: 'date' },
  { type: 'string', format: 'date-time' },
  { type: 'string', format: 'time' },
  { type: 'object' },
  { type: ['string', 'integer'] },
  {},
];
const TEXTS = [
  ...['42', '-7.0', '1e3', '12.5', 'abc', '', 'true', 'NaN', '9007199254740993.5', '123456789012345678901', '\ud800x'],
  ...[
    '2024-02-29',
    '2024-02-30',
    '2024-01-15T10:00:00Z',
    '2024-01-15T10:00:00.123456+05:30',
    '10:00:00',
    '10:00:00+02',
  ],
  ...['2024-01-15T10:00:00.1234567Z', '2024-01-15T00:00:00', '\\ud800', '"', '😀\u0000'],
];

const json = (means: JsonValue): Value => ({ text: JSON.stringify(means), means });
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(json(null)),
  fc.boolean().map(json),
  fc.integer().map((means) => ({ text: `${means}`, means: BigInt(means) })),
  fc.bigInt({ min: -(10n ** 45n), max: 10n ** 45n }).map((means) => ({ text: `${means}`, means })),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map((means) => ({ text: `${means}`, means })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((number) => !Number.isInteger(number))
    .map(json),
  fc.constantFrom('NaN', 'Infinity', '-Infinity').map((text) => ({ text, means: undefined })),
  fc.constantFrom(...TEXTS).map(json),
  fc.string({ unit: 'binary', maxLength: 6 }).map(json),
  fc
    .oneof(fc.array(fc.jsonValue(), { maxLength: 3 }), fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }))
    .map((means) => json(JSON.parse(JSON.stringify(means)) as JsonValue)),
);

const name = fc.constantFrom(...NAMES, ...OWN_NAMES);
const schema = fc
  .dictionary(name, fc.constantFrom(...TYPES), { maxKeys: 6, noNullPrototype: true })
  .map((properties) => Object.entries(properties));
const record = fc.record({
  id: fc.integer({ min: 0, max: 4 }),
  seq: fc.option(fc.integer({ min: 0, max: 12 })),
  members: fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 6 }),
  repeats: fc.boolean(),
});
type Rec = typeof record extends fc.Arbitrary<infer T> ? T : never;
const batch = fc.record({
  segments: fc.array(fc.record({ records: fc.array(record, { minLength: 1, maxLength: 6 }), cut: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  }),
  pending: fc.boolean(),
});
const sync = fc.record({ schema, batches: fc.array(batch, { minLength: 1, maxLength: 3 }) });

interface Expected {
  readonly id: number;
  readonly seq: number | null;
  readonly values: ReadonlyMap<string, Value>;
  /** The columns' types when the row came. */
  readonly types: Map<string, ColumnType>;
}

let made = 0;
it('holds every value of every record, or notes the change in the row', async () => {
  const modes = fc.constantFrom<SyncMode>(
    'incremental_append',
    'incremental_deduped_history',
    'full_refresh_overwrite',
  );
  const property = fc.asyncProperty(modes, fc.array(sync, { minLength: 1, maxLength: 2 }), (mode, syncs) => {
    underWay = holdsAll(mode, syncs);
    return underWay;
  });
  await fc.assert(property, { numRuns: 150, interruptAfterTimeLimit: 20_000, endOnFailure: true });
});

type Sync = typeof sync extends fc.Arbitrary<infer T> ? T : never;

async function holdsAll(mode: SyncMode, syncs: readonly Sync[]): Promise<void> {
  made += 1;
  const table = `t${made}`;
  const expected = new Map<number, Expected>();
  const changed = new Map<string, number>();
  let columns: readonly { field?: string; column: string; type: ColumnType }[] = [];
  for (const one of syncs) {
    const own = { n: { type: 'integer' }, id: { type: 'integer' }, seq: { type: 'integer' } };
    const properties = Object.fromEntries([...Object.entries(own), ...one.schema]);
    const prepared = await context.prepare([stream(table, properties, { defaultCursorField: ['seq'] })], mode);
    const [first] = prepared.streams;
    if (!first) throw new Error('nothing prepared');
    if (mode === 'full_refresh_overwrite') {
      expected.clear();
      changed.clear();
    }
    let waits = false;
    const mayCut = takesData(first.target.columns);
    for (const [index, { segments, pending }] of one.batches.entries()) {
      const isLast = index === one.batches.length - 1;
      const arrived: Expected[] = [];
      const files = [];
      for (const { records, cut } of segments) {
        const lines = records.map((rec) => {
          const n = expected.size;
          const row = { ...asExpected(rec, n), types: new Map<string, ColumnType>() };
          expected.set(n, row);
          arrived.push(row);
          return lineOf(rec, n, mayCut && cut);
        });
        files.push(await context.segment(lines, mayCut && cut ? 'data' : 'message'));
      }
      const isPending = pending && !isLast && first.writeMode === 'append';
      const loaded = await context.load(prepared, [], {
        segments: files,
        movePending: waits && !isPending,
        ...(isPending ? { into: 'pending' as const } : {}),
        swap: first.writeMode === 'replace' && isLast,
      });
      waits = isPending;
      expect(loaded).toMatchObject({ rows: arrived.length, dropped: 0 });
      for (const [field, count] of Object.entries(loaded.changed)) {
        expect(count).toBeTypeOf('number');
        changed.set(field, (changed.get(field) ?? 0) + count);
      }
      columns = first.target.columns;
      for (const row of arrived) for (const { field = '', type } of columns) row.types.set(field, type);
    }
  }
  const found = await rowsOf(table, columns);
  const expectedRows = mode === 'incremental_deduped_history' ? winners(expected) : [...expected.keys()];
  expect(found.map(({ n }) => n)).toEqual(expectedRows);
  const noted = new Map<string, number>();
  for (const { n, texts, changes } of found) {
    const row = expected.get(n);
    if (!row) throw new Error('a row of nobody');
    for (const field of changes) noted.set(field, (noted.get(field) ?? 0) + 1);
    check(row, texts, columns, changes);
  }
  if (mode !== 'incremental_deduped_history') expect(noted).toEqual(changed);
}

function asExpected({ id, seq, members }: Rec, n: number): Omit<Expected, 'types'> {
  const own: [string, Value][] = [
    ['n', { text: `${n}`, means: BigInt(n) }],
    ['id', { text: `${id}`, means: BigInt(id) }],
    ['seq', { text: `${seq}`, means: seq === null ? null : BigInt(seq) }],
  ];
  return { id, seq, values: new Map([...own, ...members]) };
}

/** The record's line; a key that comes again changes nothing. */
function lineOf(rec: Rec, n: number, cut: boolean): string {
  const { values } = asExpected(rec, n);
  const members = [...values].map(([key, { text }]) => `${JSON.stringify(key)}:${text}`);
  const isBroken = [...values.values()].some(({ means }) => typeof means === 'string' && LONE_SURROGATE.test(means));
  if (rec.repeats && !isBroken) members.push('"id":99');
  if (cut) return `{${members.join(',')} ,"${EMITTED_KEY}":1700000000000}`;
  return `{"type":"RECORD","record":{"stream":"s","data":{${members.join(', ')}},"emitted_at":1700000000000}}`;
}

/** By id the greatest seq, NULL below all, then the last that came. */
function winners(rows: ReadonlyMap<number, Expected>): number[] {
  const best = new Map<number, [number, number]>();
  for (const [n, { id, seq }] of rows) {
    const before = best.get(id);
    if (!before || (seq ?? -1) >= before[0]) best.set(id, [seq ?? -1, n]);
  }
  return [...best.values()].map(([, n]) => n).sort((a, b) => a - b);
}

async function rowsOf(table: string, columns: readonly { field?: string; column: string }[]) {
  const list = columns.map(({ column }) => `CAST(${quoteName(column)} AS VARCHAR)`);
  const rows = await context.rows(
    `SELECT n, _airbyte_meta, ${list.join(', ')} FROM shop.${quoteName(table)} ORDER BY n`,
  );
  return rows.map(([n, meta, ...texts]) => ({
    n: Number(n),
    texts: texts as (string | null)[],
    changes: (JSON.parse(String(meta)) as { changes: { field: string }[] }).changes.map(({ field }) => field),
  }));
}

function check(
  { values, types }: Expected,
  texts: readonly (string | null)[],
  columns: readonly { field?: string; column: string; type: ColumnType }[],
  changes: readonly string[],
): void {
  for (const [field, { text, means }] of values) {
    const at = columns.findIndex((column) => column.field === field);
    const held = at < 0 ? null : (texts[at] ?? null);
    const facts = JSON.stringify({ field, text, held, type: columns[at]?.type, types: types.get(field), changes });
    if (means === null) {
      expect(held, facts).toBeNull();
      continue;
    }
    const same = held !== null && isSame(means, text, held, columns[at]?.type);
    expect(changes.includes(field), facts).toBe(!same);
    if (isNatural(means, types.get(field))) expect(same, facts).toBe(true);
  }
  for (const [index, { field = '' }] of columns.entries()) if (!values.has(field)) expect(texts[index]).toBeNull();
}

/** What a column of the type was made for. */
function isNatural(means: Value['means'], type: ColumnType | undefined): boolean {
  if (typeof means === 'string') return (type === 'VARCHAR' || type === 'JSON') && !LONE_SURROGATE.test(means);
  if (typeof means === 'bigint')
    return type === 'BIGINT' || type === 'HUGEINT' || type === 'JSON' || type === 'VARCHAR';
  if (typeof means === 'number') return type === 'DOUBLE' || type === 'JSON' || type === 'VARCHAR';
  return type === 'JSON' || (typeof means === 'boolean' && type === 'BOOLEAN');
}

/** Whether a column's text represents the value. */
function isSame(means: Value['means'], text: string, held: string, type: ColumnType | undefined): boolean {
  const inner = type === 'JSON' && held.startsWith('"') ? String(JSON.parse(held)) : held;
  if (means === undefined) return notFinite(inner) === notFinite(text);
  if (typeof means === 'bigint') return integerIn(inner) === means;
  if (typeof means === 'number') return Number(inner) === means;
  if (typeof means === 'boolean') return inner === String(means);
  if (typeof means !== 'string') return isDeepStrictEqual(JSON.parse(inner), means);
  if (inner === means || (means === 'NaN' && inner === 'nan')) return true;
  const integer = integerIn(means);
  if (integer !== undefined) return integerIn(inner) === integer;
  const instant = instantIn(means);
  if (instant !== undefined) return instantIn(inner) === instant;
  return /^[-+.0-9eE]+$/.test(means) && !/[.]\d*[1-9]\d*$/.test(means.slice(17)) && Number(inner) === Number(means);
}

/** NaN and the infinities have several spellings. */
function notFinite(text: string): string {
  return text.toLowerCase().replace('infinity', 'inf');
}

function integerIn(text: string): bigint | undefined {
  const [, digits] = /^(-?\d+)(?:[.]0*)?$/.exec(text) ?? [];
  if (digits !== undefined) return BigInt(digits);
  return /^-?[\d.]+e[+]?\d+$/i.test(text) && Number.isInteger(Number(text)) ? BigInt(Number(text)) : undefined;
}

/** A day or a time of a day in UTC, in microseconds and whatever is smaller. */
function instantIn(text: string): string | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:[.](\d+))?(Z|[+-]\d\d(?::\d\d)?)?)?$/.exec(text);
  if (!parts) return undefined;
  const [, day = '', time = '00:00:00', fraction = '', zone = 'Z'] = parts;
  const ms = Date.parse(`${day}T${time}${/^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone}`);
  const isDay = new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return Number.isNaN(ms) || !isDay ? undefined : `${ms}.${fraction.replace(/0+$/, '')}`;
}
