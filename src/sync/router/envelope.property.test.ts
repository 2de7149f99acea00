/** The envelope reader against a parser: both agree on any line, and values are returned as they appear in it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, skipSpace, walkList, walkObject } from '../../protocol/index.ts';
import { readEnvelope, topLevelText } from './envelope.ts';
import { anyJson, anyText, chooser, style, writeObject, writeText } from './json.fixture.ts';

const value = fc.oneof(
  anyJson,
  fc.tuple(anyText, style).map(([text, how]) => writeText(text, chooser(how))),
  fc.constantFrom('"RECORD"', '"STATE"', '"users"', '""', 'null'),
);
const keys = fc.constantFrom('type', 'record', 'stream', 'namespace', 'data', 'state', 'emitted_at', '__proto__', '');
const members = fc.uniqueArray(fc.tuple(keys, value), { maxLength: 7, selector: ([key]) => key });
const around = fc.constantFrom('', ' ', '\t', '\r');

/** A line with a record of any members among others, and what is at its keys as it was written. */
const anyLine = fc
  .tuple(members, members, style, fc.integer({ min: -1, max: 6 }), around, around)
  .map(([outer, inner, how, at, before, after]) => {
    const written: [string, string][] = outer.filter(([key]) => at < 0 || key !== 'record');
    if (at >= 0) written.splice(at, 0, ['record', writeObject(inner, chooser(how))]);
    return { line: Buffer.from(`${before}${writeObject(written, chooser(how))}${after}`), written };
  });

describe('the envelope reader', () => {
  it('returns the type, stream and namespace that a parser returns', () => {
    fc.assert(
      fc.property(anyLine, ({ line }) => {
        const parsed = JSON.parse(line.toString('utf8'));
        const record = isObject(parsed.record) ? parsed.record : {};
        const found = readEnvelope(line, 0, line.length);
        const textOf = (one: unknown): string | undefined => (typeof one === 'string' ? one : undefined);
        expect(found).toBeDefined();
        expect(found?.type).toBe(textOf(parsed.type));
        expect(found?.stream).toBe(textOf(record.stream));
        expect(found?.namespace).toBe(textOf(record.namespace) || undefined);
      }),
      { numRuns: 1_500 },
    );
  });

  it('gives the bytes of each value as they appear in the line', () => {
    fc.assert(
      fc.property(anyLine, ({ line, written }) => {
        for (const [key, text] of written) expect(topLevelText(line, key)?.trim()).toBe(text.trim());
        expect(topLevelText(line, 'nobody')).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not accept part of a line, or text after it', () => {
    fc.assert(
      fc.property(anyLine, fc.nat(), fc.constantFrom('x', '}', '{}', ',', '"'), ({ line }, at, more) => {
        const full = Buffer.from(line.toString('utf8').trim());
        expect(readEnvelope(full, 0, at % full.length)).toBeUndefined();
        expect(readEnvelope(Buffer.concat([full, Buffer.from(more)]), 0, full.length + more.length)).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('learns nothing from a line with duplicate keys', () => {
    const lines = [
      '{"type":"RECORD","record":{"stream":"a","data":{},"stream":"b"}}',
      '{"type":"LOG","record":{"stream":"a","data":{}},"type":"RECORD"}',
      '{"type":"RECORD","record":{"stream":"a","data":{}},"record":{"stream":"b"}}',
      '{"type":"RECORD","record":{"namespace":"n","stream":"a","data":{},"namespace":"m"}}',
    ];
    for (const line of lines) {
      expect(readEnvelope(Buffer.from(line), 0, line.length)).toMatchObject({ type: 'RECORD', prefix: 0 });
    }
  });
});

describe('walking', () => {
  it('finds the members of an object and the elements of a list', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, value), { maxLength: 5 }), style, (pairs, how) => {
        const object = Buffer.from(writeObject(pairs, chooser(how)));
        const list = Buffer.from(`[ ${pairs.map(([, text]) => text).join(' ,\t')}]`);
        const seen: [string, unknown][] = [];
        const read = (bytes: Buffer, from: number, to: number): unknown => JSON.parse(bytes.toString('utf8', from, to));
        const first = skipSpace(object, 0, object.length);
        const end = walkObject(object, first, object.length, (key, from, to) =>
          seen.push([key, read(object, from, to)]),
        );
        expect([end, seen]).toEqual([object.length, pairs.map(([key, text]) => [key, JSON.parse(text)])]);
        const items: unknown[] = [];
        expect(walkList(list, 0, list.length, (from, to) => items.push(read(list, from, to)))).toBe(list.length);
        expect(items).toEqual(pairs.map(([, text]) => JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });
});
