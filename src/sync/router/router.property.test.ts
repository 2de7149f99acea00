/** The router against a plain parser: for any lines and any cuts, both return the same. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, parseMessage } from '../../protocol/index.ts';
import { indexStreams, type StreamName } from '../stream-keys.ts';
import { chooser, style, writeObject, writeText } from './json.fixture.ts';
import { anyCase, cutInto, sizes } from './lines.fixture.ts';
import { createRouter } from './router.ts';

/** The output, in order; lines as Latin-1, so that each character is one byte, and long ones by their digest. */
type Output = readonly string[];

const TEXT_BYTES = 64 * 1024;

function routed(streams: readonly StreamName[], chunks: readonly Buffer[], cuts: readonly boolean[] = []): Output {
  const output: string[] = [];
  const router = createRouter(
    streams,
    {
      records(stream, lines, rows, longest, form) {
        const split = lines.toString('latin1').split('\n');
        expect(split.pop()).toBe('');
        expect([split.length, Math.max(...split.map(({ length }) => length + 1))]).toEqual([rows, longest]);
        const fullLine = cuts.length > 0 ? timedData : (line: string): string => line;
        output.push(...split.map((line) => `record ${stream} ${form === 'data' ? dataOf(line) : fullLine(line)}`));
      },
      // What the router lets pass as an object and a parser does not is logged like any other text.
      message: (line) =>
        output.push(
          ...(parseMessage(line.toString('utf8')) || isJsonObject(line)
            ? [`message ${line.toString('latin1')}`]
            : [textOf(line)]),
        ),
      text: (line) => output.push(`text ${line}`),
      broken: (stream, why) => output.push(`broken ${stream} ${why}`),
      stray: (stream) => output.push(`stray ${stream}`),
    },
    cuts,
  );
  for (const chunk of chunks) router.push(chunk);
  router.end();
  return output.map(short);
}

/** A cut line is its data and time; one that is no JSON is put together again before it is read, as the load does it. */
function dataOf(line: string): string {
  const cut = parse(Buffer.from(line, 'latin1'));
  if (!isObject(cut))
    return timedData(`{"record":{"data":${line.replace(/ ,"emitted@at":(\d+)\}$/, '},"emitted_at":$1}}')}`);
  const { 'emitted@at': time, ...data } = cut;
  return JSON.stringify([data, time]);
}

/** What a table takes of a record: its data and its time. */
function timedData(line: string): string {
  const { record } = JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as { record: Record<string, unknown> };
  return JSON.stringify([record.data, record.emitted_at]);
}

/** The model: each line by itself, through JSON.parse. */
function parsed(
  streams: readonly StreamName[],
  lines: readonly Buffer[],
  recordOf = (line: string): string => line,
): Output {
  const indexOf = indexStreams(streams);
  const outputOf = (line: Buffer): string[] => {
    const value = parse(line);
    if (!isObject(value)) return /^[ \t\r]*$/.test(line.toString('latin1')) ? [] : [textOf(line)];
    const { type, record } = value;
    if (type !== 'RECORD' || !isObject(record) || typeof record.stream !== 'string') {
      return [`message ${line.toString('latin1')}`];
    }
    const namespace = typeof record.namespace === 'string' ? record.namespace : undefined;
    const index = indexOf(record.stream, namespace);
    return [index < 0 ? `stray ${record.stream}` : `record ${index} ${recordOf(line.toString('latin1'))}`];
  };
  return lines.flatMap(outputOf).map(short);
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

function short(line: string): string {
  return line.length <= 2_000 ? line : `${line.slice(0, 60)} ${createHash('sha256').update(line).digest('hex')}`;
}

function isJsonObject(line: Buffer): boolean {
  return isObject(parse(line));
}

function textOf(line: Buffer): string {
  return `text ${line.toString('utf8', 0, Math.min(line.length, TEXT_BYTES))}`;
}

describe('the router agrees with a parser', () => {
  it('for any lines of any streams, cut anywhere', () => {
    fc.assert(
      fc.property(anyCase, sizes, ({ streams, lines, bytes }, by) => {
        const expected = parsed(streams, lines);
        expect(routed(streams, [bytes])).toEqual(expected);
        expect(routed(streams, cutInto(bytes, by))).toEqual(expected);
        expect(routed(streams, cutInto(bytes, [1]))).toEqual(expected);
      }),
      { numRuns: 600 },
    );
  });

  it('where records are cut to their data: the same data and times', () => {
    let cut = 0;
    fc.assert(
      fc.property(anyCase, sizes, ({ streams, lines, bytes }, by) => {
        const expected = parsed(streams, lines, timedData);
        const cuts = streams.map(() => true);
        // The router writes into what it is given.
        for (const chunks of [
          [Buffer.from(bytes)],
          cutInto(Buffer.from(bytes), by),
          cutInto(Buffer.from(bytes), [1]),
        ]) {
          const output = routed(streams, chunks, cuts);
          expect(output).toEqual(expected);
          cut += chunks.filter((chunk) => chunk.includes('"emitted@at"')).length;
        }
      }),
      { numRuns: 500 },
    );
    expect(cut).toBeGreaterThan(50);
  });

  it('for lines longer than a chunk, and longer than the stored part of noise', () => {
    const long = fc.tuple(
      anyCase,
      fc.array(fc.integer({ min: 60_000, max: 140_000 }), { minLength: 1, maxLength: 3 }),
      style,
    );
    const widths = fc.array(fc.constantFrom(1, 2, 100, 8_192, 65_536), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(long, widths, ([{ streams, lines: short }, lengths, how], by) => {
        const name = streams[0]?.name ?? '';
        const choose = chooser(how);
        const long = lengths.map((length, index) => {
          const record = writeObject(
            [
              ['data', `{"a":"${'}x"'.slice(0, 2).repeat(length / 2)}"}`],
              ['stream', writeText(name, choose)],
            ],
            choose,
          );
          const line = ` ${writeObject(
            [
              ['record', record],
              ['type', '"RECORD"'],
            ],
            choose,
          )}`;
          return Buffer.from(index === 1 ? line.slice(0, 200).replace('{', 'x') + line.slice(200) : line);
        });
        const lines = [...long, ...short];
        const bytes = Buffer.concat(lines.flatMap((one) => [one, Buffer.from('\n')]));
        const expected = parsed(streams, lines);
        expect(routed(streams, cutInto(bytes, by))).toEqual(expected);
        expect(routed(streams, [bytes])).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});
