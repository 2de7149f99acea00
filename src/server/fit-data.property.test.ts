import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitData } from './fit-data.ts';

const never = (): boolean => false;
const long = fc.oneof(fc.string({ maxLength: 3_000, unit: 'grapheme' }), fc.constant('x'.repeat(30_000)));
const data = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    long,
    fc.double(),
    fc.array(tie('value'), { maxLength: 40 }),
    fc.dictionary(fc.string({ maxLength: 20 }), tie('value'), { maxKeys: 40 }),
  ),
})).value;

test('any data fits the size, and cuts are reported', () => {
  fc.assert(
    fc.property(data, fc.integer({ min: 2_000, max: 50_000 }), (value, size) => {
      const complete = JSON.stringify({ value });
      const { data: fitted, cuts } = fitData({ value }, size, never);
      expect(JSON.stringify(fitted).length).toBeLessThanOrEqual(size);
      expect(cuts.length > 0).toBe(complete.length > size);
      if (cuts.length === 0) expect(fitted).toEqual({ value });
    }),
    { numRuns: 200 },
  );
});

test('a list is cut to what fits, to about a quarter; fields of the answer’s form stay', () => {
  const rows = Array.from({ length: 1_000 }, (_, at) => ({ id: at, name: `row ${at}` }));
  const { data: fitted, cuts } = fitData({ rows, total: 1_000 }, 10_000, (key) => key !== 'name');
  const { rows: shown, total } = fitted as { rows: object[]; total: number };
  expect(total).toBe(1_000);
  expect(shown).toEqual(rows.slice(0, shown.length));
  expect(JSON.stringify(fitted).length).toBeGreaterThan(6_000);
  expect(cuts).toEqual([`rows: ${shown.length} of 1,000`]);
});
