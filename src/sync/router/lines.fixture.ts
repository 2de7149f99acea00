/** Lines of connectors, usual and odd, for property tests. */
import fc from 'fast-check';
import { type StreamName, streamKey } from '../stream-keys.ts';
import { anyData, anyJson, anyText, chooser, type Style, style, writeObject, writeText } from './json.fixture.ts';

const namespace = fc.option(fc.constantFrom('shop', 'archive', 'a"b\\', 'ünï'), { nil: undefined });
const streamName: fc.Arbitrary<StreamName> = fc
  .tuple(anyText, namespace)
  .map(([name, space]) => (space === undefined ? { name } : { name, namespace: space }));
/** Names that several namespaces share are the harder case. */
const streamNames = fc
  .tuple(fc.array(streamName, { minLength: 1, maxLength: 4 }), fc.array(namespace, { maxLength: 3 }))
  .map(([streams, spaces]) => {
    const first = streams[0]?.name ?? '';
    const twins = spaces.map((space) => (space === undefined ? { name: first } : { name: first, namespace: space }));
    return [...new Map([...streams, ...twins].map((stream) => [streamKey(stream), stream])).values()];
  });

/** How a connector writes its records. It writes many in the same way, so that prefixes are remembered and used. */
interface Shape {
  readonly how: Style;
  readonly order: number;
  /** Extra members among the usual ones, and next to the record. */
  readonly more: readonly [string, string][];
  readonly outer: readonly [string, string][];
  /** How the missing namespace of a stream is written. */
  readonly noNamespace: string | undefined;
}

const USUAL: Shape = { how: { choices: [0] }, order: 0, more: [], outer: [], noNamespace: undefined };
const shape: fc.Arbitrary<Shape> = fc.oneof(
  fc.constant(USUAL),
  fc.record({
    how: style,
    order: fc.nat({ max: 5_000 }),
    more: fc.array(fc.tuple(fc.constantFrom('meta', 'file_reference', 'x"y'), anyJson), { maxLength: 2 }),
    outer: fc.array(fc.tuple(fc.constantFrom('stream', 'namespace', 'z'), anyJson), { maxLength: 1 }),
    noNamespace: fc.constantFrom(undefined, 'null', '""'),
  }),
);

/** A record of a requested stream, or of another one. */
function recordLine(streams: readonly StreamName[], shapes: readonly Shape[]): fc.Arbitrary<string> {
  return fc
    .record({
      stream: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...streams) }, streamName),
      data: fc.oneof({ weight: 8, arbitrary: anyData }, anyJson),
      shape: fc.constantFrom(...shapes),
    })
    .map(({ stream, data, shape: { how, order, more, outer, noNamespace } }) => {
      const choose = chooser(how);
      const text = (value: string): string => writeText(value, choose);
      const space = stream.namespace === undefined ? noNamespace : text(stream.namespace);
      const inner: [string, string][] = [
        ['stream', text(stream.name)],
        ['data', data],
        ['emitted_at', '1700000000000'],
        ...more,
      ];
      if (space !== undefined) inner.splice(order % 4, 0, ['namespace', space]);
      const members = order === 0 ? inner : shuffled(inner, order);
      const top: [string, string][] = [['type', text('RECORD')], ['record', writeObject(members, choose)], ...outer];
      return writeObject(order % 2 === 0 ? top : shuffled(top, order), choose);
    });
}

const messageLine = fc.oneof(
  fc.constantFrom(
    '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}}}}',
    '{"type":"TRACE","trace":{"type":"STREAM_STATUS"}}',
    '{"type":"RECORD","record":{"data":{}}}',
    '{"type":"RECORD","record":["stream"]}',
    '{"type":7,"record":{"stream":"users","data":{}}}',
    '{}',
  ),
  fc.tuple(anyText, anyText, style).map(([kind, text, how]) => {
    const choose = chooser(how);
    const log = writeObject(
      [
        ['message', writeText(text, choose)],
        ['level', '"INFO"'],
      ],
      choose,
    );
    return writeObject(
      [
        ['type', writeText(`L${kind}`, choose)],
        ['record', log],
        ['log', log],
      ],
      choose,
    );
  }),
);

/** Output of programs that is not complete JSON. Fragments of messages are tested elsewhere. */
const printed = anyText.map((text) => text.replaceAll('\n', ' ')).filter((text) => !text.trimStart().startsWith('{'));
const noiseLine = fc.oneof(
  printed,
  fc.constantFrom('', ' ', '\t\r', '[{"type":"RECORD"}]', '"RECORD"', 'null', '\ufeff{}', '{"level":"info"'),
);

export interface Case {
  readonly streams: readonly StreamName[];
  readonly lines: readonly Buffer[];
  readonly bytes: Buffer;
}

const anyShapes = fc.array(shape, { minLength: 1, maxLength: 3 });
/** Lines of some streams, many of them several times in a row, and their bytes with or without the last line break. */
export const anyCase: fc.Arbitrary<Case> = fc.tuple(streamNames, anyShapes).chain(([streams, shapes]) => {
  const record = recordLine(streams, shapes);
  const line = fc
    .tuple(
      fc.oneof({ weight: 6, arbitrary: record }, { weight: 2, arbitrary: messageLine }, noiseLine),
      fc.constantFrom('', '', '', '\r', ' ', ' \r'),
      fc.constantFrom('', '', '', ' ', '\t'),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([text, end, start, times]) => Array<Buffer>(times).fill(rawBytes(`${start}${text}${end}`)));
  return fc.tuple(fc.array(line, { maxLength: 20 }), fc.boolean()).map(([groups, closed]) => {
    const lines = groups.flat();
    const bytes = Buffer.concat(lines.flatMap((one) => [one, Buffer.from('\n')]));
    return { streams, lines, bytes: closed ? bytes : bytes.subarray(0, -1) };
  });
});

/** One character represents a byte that is not valid UTF-8. */
function rawBytes(text: string): Buffer {
  return Buffer.from(
    Buffer.from(text.replaceAll('\n', ' '), 'utf8').toString('latin1').replaceAll('\u00c3\u00bc', '\u00ff'),
    'latin1',
  );
}

/** Sizes of chunks, taken in turns. */
export const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 64, 4_096, 65_536)), {
  minLength: 1,
  maxLength: 6,
});

export function cutInto(bytes: Buffer, by: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = by[index % by.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const left = [...list];
  return list.map((_, index) => left.splice((seed + index * 7) % left.length, 1)[0] as T);
}
