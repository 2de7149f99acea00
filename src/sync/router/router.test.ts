import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, parseMessage } from '../../protocol/index.ts';
import { indexStreams, type StreamName } from '../stream-keys.ts';
import { topLevelText } from './envelope.ts';
import { createRouter } from './router.ts';

const STREAMS: StreamName[] = [
  { name: 'users' },
  { name: 'orders', namespace: 'shop' },
  { name: 'orders', namespace: 'archive' },
  { name: 'odd "name"\n{}' },
  { name: 'ünïcode', namespace: 'n' },
];

interface Routed {
  records: string[][];
  rows: number[];
  messages: string[];
  texts: string[];
  broken: string[];
  strays: string[];
  /** Records and messages in the order in which they came. */
  order: string[];
}

function route(chunks: readonly Buffer[], streams: readonly StreamName[] = STREAMS): Routed {
  const routed: Routed = {
    records: streams.map(() => []),
    rows: streams.map(() => 0),
    messages: [],
    texts: [],
    broken: [],
    strays: [],
    order: [],
  };
  const router = createRouter(streams, {
    records(stream, lines, rows, longest) {
      const split = lines.toString('utf8').split('\n');
      expect(split.pop()).toBe('');
      expect(split.length).toBe(rows);
      expect(Math.max(...split.map((line) => Buffer.byteLength(line) + 1))).toBe(longest);
      routed.records[stream]?.push(...split);
      routed.order.push(...split.map((line) => `${stream}:${line}`));
      routed.rows[stream] = (routed.rows[stream] ?? 0) + rows;
    },
    message(line) {
      routed.messages.push(line.toString('utf8'));
      routed.order.push(`message:${line.toString('utf8')}`);
    },
    text: (line) => routed.texts.push(line),
    broken: (stream, why) => routed.broken.push(`${stream} ${why}`),
    stray: (stream) => routed.strays.push(stream),
  });
  for (const chunk of chunks) router.push(chunk);
  router.end();
  return routed;
}

function cutInto(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const json = fc.jsonValue({ maxDepth: 2 });
const data = fc.dictionary(fc.string({ maxLength: 6 }), json, { maxKeys: 4 });

/** The same members in any order, with any spaces between them. */
function written(members: readonly [string, string][], space: string): string {
  return `{${members.map(([key, value]) => `${space}${JSON.stringify(key)}${space}:${space}${value}`).join(',')}${space}}`;
}

const recordLine = fc
  .tuple(
    fc.constantFrom(...STREAMS, { name: 'orders' }, { name: 'users', namespace: 'other' }, { name: 'nobody' }),
    data,
    fc.constantFrom('', ' ', '\t '),
    fc.boolean(),
    fc.boolean(),
    fc.integer({ min: 0, max: 5 }),
    fc.boolean(),
  )
  .map(([stream, record, space, typeLast, namespaceLast, rotation, withMeta]) => {
    const namespace: [string, string][] =
      'namespace' in stream ? [['namespace', JSON.stringify(stream.namespace)]] : [];
    let inner: [string, string][] = [
      ...(namespaceLast ? [] : namespace),
      ['stream', JSON.stringify(stream.name)],
      ['data', JSON.stringify(record)],
      ['emitted_at', '1700000000000'],
      ...(namespaceLast ? namespace : []),
      ...(withMeta ? ([['meta', '{"changes":[]}']] as [string, string][]) : []),
    ];
    if (rotation > 0) inner = [...inner.slice(rotation % inner.length), ...inner.slice(0, rotation % inner.length)];
    const members: [string, string][] = [
      ['type', '"RECORD"'],
      ['record', written(inner, space)],
    ];
    return written(typeLast ? members.reverse() : members, space);
  });

const otherLine = fc.oneof(
  fc.constantFrom(
    '{"type":"LOG","log":{"level":"INFO","message":"{\\"type\\":\\"RECORD\\"}"}}',
    '{"type":"STATE","state":{"type":"STREAM"}}',
    '{"type":"TRACE"}',
    '{}',
    '{"no":"type"}',
    'Traceback (most recent call last):',
    '',
    '   ',
    '[1,2]',
    '"text"',
  ),
  fc.string().filter((text) => !text.includes('\n') && !text.trimStart().startsWith('{')),
);

describe('the router', () => {
  it('routes like a parser does, in order, however the bytes are cut', () => {
    const indexOf = indexStreams(STREAMS);
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: recordLine }, otherLine), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
        (lines, sizes) => {
          const expected = lines.flatMap((line) => {
            const message = parseMessage(line);
            if (message?.type !== 'RECORD') {
              return isJsonObject(line) ? [`message:${line}`] : [];
            }
            const { stream, namespace } = message.record;
            const index = indexOf(String(stream), typeof namespace === 'string' ? namespace : undefined);
            return index < 0 ? [] : [`${index}:${line}`];
          });
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
          expect(route(cutInto(bytes, sizes)).order).toEqual(expected);
          expect(route([bytes]).order).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not learn a prefix that leaves the namespace open', () => {
    const line = (namespace: string): string =>
      `{"type":"RECORD","record":{"stream":"orders","data":{"a":1},"namespace":"${namespace}","emitted_at":1}}`;
    const lines = ['shop', 'archive', 'shop', 'archive'].map(line);
    const routed = route([Buffer.from(`${lines.join('\n')}\n`)]);
    expect(routed.records[1]).toEqual([lines[0], lines[2]]);
    expect(routed.records[2]).toEqual([lines[1], lines[3]]);
  });

  it('takes a stream by its name alone where only one has it', () => {
    const routed = route([
      Buffer.from('{"type":"RECORD","record":{"stream":"users","namespace":"x","data":{},"emitted_at":1}}\n'),
    ]);
    expect(routed.rows[0]).toBe(1);
    expect(routed.strays).toEqual([]);
  });

  it('accepts a complete last line without a line break, and reports half a line', () => {
    const full = '{"type":"RECORD","record":{"stream":"users","data":{"a":{"b":1}},"emitted_at":1}}';
    expect(route([Buffer.from(`${full}\n${full}`)]).rows[0]).toBe(2);
    // Cut right behind a nested brace, where the last byte looks like an end.
    const half = full.slice(0, full.indexOf('}') + 1);
    const routed = route([Buffer.from(`${full}\n${half}`)]);
    expect(routed.rows[0]).toBe(1);
    expect([routed.broken, routed.texts]).toEqual([[], [half]]);
  });

  it('takes lines with carriage returns', () => {
    const line = '{"type":"RECORD","record":{"stream":"users","data":{"a":1},"emitted_at":1}}\r';
    expect(route([Buffer.from(`${line}\n${line}\n${line}\n`)]).rows[0]).toBe(3);
  });

  it('accepts NaN in data, which a parser would not', () => {
    const line = '{"type":"RECORD","record":{"stream":"users","data":{"a":NaN},"emitted_at":1}}';
    expect(route([Buffer.from(`${line}\n`)]).rows[0]).toBe(1);
  });

  it('passes a record of 50 MB in small chunks, the data before the stream', () => {
    const big = 'x'.repeat(50 * 1024 * 1024);
    const line = Buffer.from(`{"type":"RECORD","record":{"data":{"a":"${big}"},"stream":"users","emitted_at":1}}\n`);
    let rows = 0;
    let bytes = 0;
    const router = createRouter(STREAMS, {
      records(stream, lines, count) {
        expect(stream).toBe(0);
        rows += count;
        bytes += lines.length;
      },
      message: () => undefined,
      text: () => undefined,
      broken: () => undefined,
      stray: () => undefined,
    });
    for (const chunk of cutInto(line, [65_536])) router.push(chunk);
    expect([rows, bytes]).toEqual([1, line.length]);
  });

  it('passes over a line that has no end, counts it where it is a record, and keeps only the beginning of noise', () => {
    const chunk = Buffer.alloc(1024 * 1024, 0x61);
    const noise = route([...Array.from({ length: 110 }, () => chunk), Buffer.from('\n{"type":"LOG"}\n')]);
    expect(noise.texts.map((text) => text.length)).toEqual([65_536]);
    expect(noise.messages).toEqual(['{"type":"LOG"}']);
    const long = Array.from({ length: 110 }, () => chunk);
    const user = '{"type":"RECORD","record":{"stream":"users","data":{"a":1},"emitted_at":1}}';
    const routed = route([Buffer.from(`${user.slice(0, 55)}"a":"`), ...long, Buffer.from(`"\n${user}\n`)]);
    expect([routed.broken, routed.rows[0]]).toEqual([['0 long'], 1]);
    expect(route([Buffer.from('{"a":"'), ...long]).texts.map((text) => text.length)).toEqual([65_536]);
  });

  it('gives the bytes of a state as they came', () => {
    const line = Buffer.from('{"type":"STATE", "state": {"lsn": 9007199254740993.10, "ü": [1 ]} }');
    expect(topLevelText(line, 'state')).toBe('{"lsn": 9007199254740993.10, "ü": [1 ]}');
  });
});

function isJsonObject(line: string): boolean {
  try {
    return isObject(JSON.parse(line));
  } catch {
    return false;
  }
}
