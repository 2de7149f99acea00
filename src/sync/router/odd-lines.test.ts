/** Records that are not alone on their line: what can be read is read, in order, and what cannot is counted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamName } from '../stream-keys.ts';
import { cutInto, sizes } from './lines.fixture.ts';
import { createRouter } from './router.ts';

const STREAMS: StreamName[] = [{ name: 'users' }, { name: 'orders', namespace: 'shop' }];

/** What came out, in order: the numbers of records and states, and `lost` with the stream. */
function routed(chunks: readonly Buffer[], cuts: readonly boolean[] = []): string[] {
  const output: string[] = [];
  const router = createRouter(
    STREAMS,
    {
      records(stream, lines, rows) {
        const found = [...lines.toString('utf8').matchAll(/"n":(\d+)/g)].map(([, n]) => `${stream}:${n}`);
        expect(found.length).toBe(rows);
        output.push(...found);
      },
      message: (line) => output.push(`state:${/"at":(\d+)/.exec(line.toString('utf8'))?.[1]}`),
      text: () => undefined,
      broken: (stream, why) => output.push(`lost:${stream}:${why}`),
      stray: (stream) => output.push(`stray:${stream}`),
    },
    cuts,
  );
  for (const chunk of chunks) router.push(chunk);
  router.end();
  return output;
}

function all(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const output = routed([Buffer.from(bytes)]);
  expect(routed(cutInto(Buffer.from(bytes), [1]))).toEqual(output);
  expect(
    routed(
      [Buffer.from(bytes)],
      STREAMS.map(() => true),
    ),
  ).toEqual(output);
  return output;
}

const user = (n: number, more = ''): string =>
  `{"type":"RECORD","record":{"stream":"users","data":{"n":${n}${more}},"emitted_at":1}}`;
const order = (n: number): string =>
  `{"type":"RECORD","record":{"namespace":"shop","stream":"orders","data":{"n":${n}},"emitted_at":1}}`;
const state = (at: number): string => `{"type":"STATE","state":{"type":"STREAM","at":${at}}}`;

describe('a record that is not alone on its line', () => {
  const before = `${user(1)}\n${user(2)}\n`;
  const after = `\n${user(9)}\n`;
  it.each([
    ['a word before it', `INFO: ${user(3)}`, ['0:3']],
    ['a progress bar before it', `10%|#   |\r 99%|### |\r${user(3)}`, ['0:3']],
    ['a byte order mark before it', `\ufeff${user(3)}`, ['0:3']],
    ['text behind it', `${user(3)} done.`, ['0:3']],
    ['text that ends in a brace behind it', `${user(3)} {done}`, ['0:3']],
    ['another behind it', `${user(3)}${user(4)}`, ['0:3', '0:4']],
    ['one of another stream behind it', `${user(3)}${order(4)}${user(5)}`, ['0:3', '1:4', '0:5']],
    ['a state behind it', `${user(3)}${state(7)}`, ['0:3', 'state:7']],
    ['one behind a carriage return', `${user(3)}\r${user(4)}\r${state(5)}`, ['0:3', '0:4', 'state:5']],
    ['one behind a blank', `${user(3)} ${order(4)}`, ['0:3', '1:4']],
    ['a raw tabulator in a text', user(3, ',"t":"a\tb"'), ['0:3']],
    ['a raw line break in a text', user(3, ',"t":"a\nb"'), ['0:3']],
    ['several raw line breaks in a text', user(3, ',"t":"a\n\nb{\n}c"'), ['0:3']],
    ['a list around it', `[${user(3)},${user(4)}]`, ['0:3', '0:4']],
    [
      'a record as a text in it',
      user(3, `,"t":${JSON.stringify(user(4)).replaceAll('"n', '"m').replaceAll('n\\"', 'm\\"')}`),
      ['0:3'],
    ],
  ])('with %s', (_how, line, expected) => {
    expect(all(`${before}${line}${after}`)).toEqual(['0:1', '0:2', ...expected, '0:9']);
  });

  const cut = user(3, ',"t":"abc"').slice(0, -25);
  it.each([
    ['cut off', cut, ['lost:0:broken']],
    ['cut off in a text', user(3, ',"t":"abc').slice(0, -22), ['lost:0:broken']],
    ['cut off before its stream', '{"type":"RECORD","rec', ['lost:-1:broken']],
    ['cut off at its beginning', '{"type":"REC', ['lost:-1:broken']],
    ['cut off behind a word', `INFO: ${cut}`, ['lost:0:broken']],
    ['cut off by a state', `${cut}${state(4)}`, ['lost:0:broken', 'state:4']],
    ['cut off by one of another stream', `INFO: ${cut}${order(4)}`, ['lost:0:broken', '1:4']],
    ['of a stream that nobody asked for', cut.replace('users', 'nobody'), ['stray:nobody']],
  ])('and is %s is counted', (_how, line, expected) => {
    expect(all(`${before}${line}${after}`)).toEqual(['0:1', '0:2', ...expected, '0:9']);
  });

  it.each([
    '{"level":"info","msg":"cut',
    '{"type":"LOG","log":{"le',
    'INFO {a: 1',
    '{',
    '{"type":"STATE","sta',
    "{'type': 'RECORD'",
  ])('is not seen in %s', (line) => {
    expect(all(`${before}${line}${after}`)).toEqual(['0:1', '0:2', '0:9']);
  });

  it('is reported before the state that follows it', () => {
    expect(all(`${user(1, ',"t":"x').slice(0, -20)}\n${state(2)}\n`)).toEqual(['lost:0:broken', 'state:2']);
    expect(all(`${user(1)}\n${user(1, ',"t":"x').slice(0, -20)}\n${user(2)}\n${state(3)}\n`)).toEqual([
      '0:1',
      'lost:0:broken',
      '0:2',
      'state:3',
    ]);
  });

  it('does not make a line of open braces slow', () => {
    const line = Buffer.from(`{"a":`.repeat(400_000));
    const started = performance.now();
    routed([line, Buffer.from('\n')]);
    // Each brace by itself would take minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('is found whatever is around it, and however the bytes are cut', () => {
    const words = fc.constantFrom('', 'INFO: ', '10%\r', '\ufeff', ' ', '{', 'a {b} ', "{'c': 1} ", '] ');
    const part = fc.tuple(words, fc.constantFrom('user', 'order', 'state', 'cut'), words);
    const line = fc.array(part, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), sizes, (lines, by) => {
        let n = 0;
        const expected: string[] = [];
        const text = lines.map((parts) =>
          parts
            .map(([before, kind, after], index) => {
              n += 1;
              if (kind === 'user') expected.push(`0:${n}`);
              if (kind === 'order') expected.push(`1:${n}`);
              if (kind === 'state') expected.push(`state:${n}`);
              const full = { user: user(n), order: order(n), state: state(n), cut: '' }[kind];
              if (kind !== 'cut') return `${before}${full}${after}`;
              // What follows in its text would belong to it.
              if (index < parts.length - 1) return before;
              expected.push('lost:0:broken');
              return `${before}${user(n).slice(0, -20)}`;
            })
            .join(''),
        );
        const bytes = Buffer.from(`${text.join('\n')}\n`, 'utf8');
        expect(routed([bytes])).toEqual(expected);
        expect(routed(cutInto(bytes, by))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
