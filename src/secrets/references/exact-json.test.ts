import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseConfigText } from './config-text.ts';
import { atPointer, convert } from './convert.ts';
import { parseExactJson } from './exact-json.ts';

const LONG = '1234567890123456789';

it.each([
  `{"id":${LONG},"near":9007199254740991,"list":[-${LONG}, 1.5e3],"text":"\\"${LONG}"}`,
  `id: ${LONG}\nnear: 9007199254740991\nlist: [-${LONG}, 1.5e3]\ntext: "\\"${LONG}"\n`,
])('a configuration keeps the digits of its integers: %s', (text) => {
  expect(parseConfigText(text)).toEqual({
    config: { id: LONG, near: 9007199254740991, list: [`-${LONG}`, 1500], text: `"${LONG}` },
  });
});

it('a part of a secret keeps them in every type that a field accepts', () => {
  const secret = `{"account":{"id":${LONG}}}`;
  expect(convert(atPointer(secret, '/account/id') ?? null, ['string'])).toBe(LONG);
  expect(convert(secret, ['object'])).toEqual({ account: { id: LONG } });
});

it('changes nothing else of any JSON', () => {
  const key = fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'binary' }),
      fc.bigInt().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Number.isInteger(number)),
      fc.maxSafeInteger(),
      fc.constantFrom(null, true, `"${LONG}`, `\\${LONG}`),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, (one) => {
      const text = JSON.stringify(one);
      expect(parseExactJson(text)).toEqual(JSON.parse(text));
    }),
  );
});
