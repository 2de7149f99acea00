/** Tables of hundreds of columns: what is read as lists of columns is read as one by one, and costs in proportion. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoadContext, openLoadContext, record, stream } from './load-context.fixture.ts';

let context: LoadContext;
beforeAll(async () => {
  context = await openLoadContext();
});
afterAll(() => context.close());

const KINDS = {
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  day: { type: 'string', format: 'date' },
  time: { type: 'string', format: 'time' },
  instant: { type: 'string', format: 'date-time' },
};
const ODD: Record<keyof typeof KINDS, unknown[]> = {
  integer: [1, 12.5, 'x', null, 12.0, '7', 1e3],
  number: [1.5, 'x', null, '1e400', '0.1', 'NaN', -0],
  boolean: [true, 'false', 'perhaps', null, 1, 0, false],
  day: ['2024-01-02', '2024-02-30', '2024-01-02T03:04:05Z', null, '0044-03-15 BC', 'x', '2024-1-2'],
  time: ['10:30', '10:30:00 PM', '10:30:00.1234567', null, '10:30+02', '25:00', '10:30Z'],
  instant: [
    ...['2024-01-02T03:04:05Z', '2024-01-02 03:04:05 America/New_York', '2024-01-02t03:04:60z', null],
    ...['2024-01-02T03:04:05.123456789Z', 'x', '2024-01-02T03:04:05'],
  ],
};
const ROWS = 7;

/** `copies` columns of each kind, all of them with the same values. */
async function loadCopies(name: string, copies: number): Promise<{ rows: unknown[][]; changed: object }> {
  const fields = Object.keys(KINDS).flatMap((kind) =>
    Array.from({ length: copies }, (_value, copy) => ({ kind: kind as keyof typeof KINDS, field: `${kind}_${copy}` })),
  );
  const properties = Object.fromEntries(fields.map(({ kind, field }) => [field, KINDS[kind]]));
  const prepared = await context.prepare([stream(name, { id: { type: 'integer' }, ...properties })]);
  const { changed } = await context.load(
    prepared,
    Array.from({ length: ROWS }, (_value, row) =>
      record({ id: row, ...Object.fromEntries(fields.map(({ kind, field }) => [field, ODD[kind][row]])) }),
    ),
  );
  const shown = ['id', ...fields.map(({ field }) => field), '_airbyte_meta'].join(', ');
  return { rows: await context.rows(`SELECT ${shown} FROM shop."${name}" ORDER BY id`), changed };
}

it('values, notes and counts of a wide table are those of a narrow one', async () => {
  const copies = 60;
  const narrow = await loadCopies('narrow', 1);
  const wide = await loadCopies('wide', copies);
  const kinds = Object.keys(KINDS);
  const counts = Object.entries(narrow.changed).flatMap(([field, count]) =>
    Array.from({ length: copies }, (_value, copy) => [field.replace('_0', `_${copy}`), count]),
  );
  expect(Object.keys(narrow.changed).length).toBe(kinds.length);
  expect(wide.changed).toEqual(Object.fromEntries(counts));
  const changesOf = (meta: unknown): { field: string }[] => JSON.parse(String(meta)).changes;
  for (const [row, [id, ...cells]] of narrow.rows.entries()) {
    const [wideId, ...wideCells] = wide.rows[row] ?? [];
    expect(wideId).toBe(id);
    for (const [at] of kinds.entries()) {
      expect(wideCells.slice(at * copies, (at + 1) * copies)).toEqual(Array(copies).fill(cells[at]));
    }
    const expected = changesOf(cells.at(-1)).flatMap((change) =>
      Array.from({ length: copies }, (_value, copy) => ({ ...change, field: change.field.replace('_0', `_${copy}`) })),
    );
    const byField = (changes: { field: string }[]): object[] => changes.sort((a, b) => (a.field < b.field ? -1 : 1));
    expect(byField(changesOf(wideCells.at(-1)))).toEqual(byField(expected));
  }
});

it('the cost of one misfit does not grow with the square of the columns', async () => {
  const cpuMs = async (columns: number): Promise<number> => {
    const fields = Array.from({ length: columns }, (_value, index) => `column_${index}`);
    const integers = Object.fromEntries(fields.map((field) => [field, { type: 'integer' }]));
    const prepared = await context.prepare([stream(`of_${columns}`, integers)]);
    const lines = Array.from({ length: 100 }, (_value, row) =>
      record(Object.fromEntries(fields.map((field, index) => [field, row === 7 && index === 3 ? 'x' : row * index]))),
    );
    const before = process.cpuUsage();
    expect(await context.load(prepared, lines)).toMatchObject({ rows: 100, changed: { column_3: 1 } });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const few = await cpuMs(180);
  const many = await cpuMs(900);
  // Each for itself they take 20 times as long.
  expect(many / few, `${few} and ${many} ms`).toBeLessThan(10);
});
