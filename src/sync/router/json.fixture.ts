/** JSON as any program may write it, for property tests: any order of keys, any spaces, any escapes. */
import fc from 'fast-check';

/** Texts that look like what surrounds them. */
const TRAPS = [
  '{"type":"RECORD","record":{"stream":"users","data":{"a":1},"emitted_at":1}}',
  '","data":{',
  '"}}',
  '\\',
  '\\"',
  '\\u0022',
  '}',
  '"RECORD"',
  'a"b\\c/d',
  'users',
  'ünï\u2028cöde 🌼',
  '\n',
  '\r\n\t\u0000',
  '',
];

export const anyText = fc.oneof(fc.constantFrom(...TRAPS), fc.string({ unit: 'binary', maxLength: 8 }).map(wellFormed));

const SPACES = ['', '', '', ' ', '  ', '\t', ' \t ', '\r'];
const SHORT: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** How the next choice of a writer falls: the generated numbers in turns. */
type Choose = (limit: number) => number;

export interface Style {
  readonly choices: readonly number[];
}

/** A way of writing; the first is the usual compact one. */
export const style: fc.Arbitrary<Style> = fc.oneof(
  fc.constant({ choices: [0] }),
  fc.record({ choices: fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 12 }) }),
);

export function chooser({ choices }: Style): Choose {
  let at = 0;
  return (limit) => {
    const choice = choices[at % choices.length] ?? 0;
    at += 1;
    return choice % limit;
  };
}

/** One string between its quotes, each character plain or escaped. */
export function writeText(text: string, choose: Choose): string {
  const units = [...text].map((char) => {
    const short = SHORT[char];
    const plainAllowed = short === undefined && char >= ' ';
    const way = choose(4);
    if (char === '/' && way < 2) return char;
    if (plainAllowed && way < 3) return char;
    if (short !== undefined && way < 3) return short;
    return [...Array(char.length).keys()]
      .map((index) => {
        const hex = char.charCodeAt(index).toString(16).padStart(4, '0');
        return `\\u${way === 3 ? hex.toUpperCase() : hex}`;
      })
      .join('');
  });
  return `"${units.join('')}"`;
}

/** Members in the order given, values written already. */
export function writeObject(members: readonly (readonly [string, string])[], choose: Choose): string {
  const space = (): string => SPACES[choose(SPACES.length)] ?? '';
  const written = members.map(
    ([key, value]) => `${space()}${writeText(key, choose)}${space()}:${space()}${value}${space()}`,
  );
  return `{${written.join(',')}${members.length === 0 ? space() : ''}}`;
}

/** Keys of an envelope turn up inside data too. */
const anyKey = fc.oneof(fc.constantFrom('stream', 'data', 'type', 'record', 'namespace', 'id'), anyText);

/** Any value, at most as deep as data usually are. */
export const anyJson: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'null',
      'true',
      'false',
      '0',
      '-0',
      '1e400',
      '12.50',
      '-1.5E-7',
      '9007199254740993',
      '{}',
      '[]',
      '[ ]',
    ),
    fc.tuple(anyText, style).map(([text, how]) => writeText(text, chooser(how))),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(' ,')}]`),
    fc
      .tuple(fc.array(fc.tuple(anyKey, tie('value')), { maxLength: 3 }), style)
      .map(([members, how]) => writeObject(members, chooser(how))),
  ),
})).value;

export const anyData: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.tuple(anyKey, anyJson), { maxLength: 4 }), style)
  .map(([members, how]) => writeObject(members, chooser(how)));

/** Lone surrogates cannot be written as bytes. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
