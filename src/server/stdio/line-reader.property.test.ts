import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineReader, EDGE_BYTES } from './line-reader.ts';
import { readMessage } from './read-message.ts';

const LIMIT = 20_000;

describe('the line reader', () => {
  it('returns each line complete or as skipped, however the bytes are chunked', () => {
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: LIMIT - 3, max: LIMIT + 3 }).map((length) => new Uint8Array(length).fill(0x61)),
      fc.integer({ min: LIMIT, max: 4 * LIMIT }).map((length) => new Uint8Array(length).fill(0x62)),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (parts, cuts) => {
        const lines = parts.map((part) => Buffer.from(part.map((byte) => (byte === 0x0a ? 0x0b : byte))));
        const bytes = Buffer.concat(lines.flatMap((part) => [part, Buffer.from('\n')]));
        const offsets = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
          (a, b) => a - b,
        );
        const reader = createLineReader(LIMIT);
        const seen: (Buffer | number)[] = [];
        for (const [index, offset] of offsets.slice(1).entries()) {
          reader.push(bytes.subarray(offsets[index], offset), (found) => {
            if ('bytes' in found) seen.push(Buffer.from(found.bytes));
            else {
              expect(found.skipped.head.length).toBeLessThanOrEqual(EDGE_BYTES);
              expect(found.skipped.tail.length).toBeLessThanOrEqual(EDGE_BYTES);
              seen.push(found.skipped.length);
            }
          });
          expect(reader.held).toBeLessThanOrEqual(LIMIT);
        }
        expect(seen).toEqual(lines.map((part) => (part.length > LIMIT ? part.length : part)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('readMessage', () => {
  it('returns a message or an error for any bytes, and never throws', () => {
    const text = fc.oneof(
      fc.json().map((json) => Buffer.from(json)),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      fc.nat(3_000).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
      fc
        .record({
          jsonrpc: fc.constantFrom('2.0', '1.0', 2),
          id: fc.anything(),
          method: fc.anything(),
          params: fc.anything(),
        })
        .map((value) =>
          Buffer.from(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? 1 : inner)) ?? ''),
        ),
    );
    fc.assert(
      fc.property(text, (bytes) => {
        const incoming = readMessage({ bytes });
        expect(Object.keys(incoming).some((key) => ['message', 'answer', 'ignored'].includes(key))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      'before the text',
      (id: string, long: string) => `{"jsonrpc":"2.0","id":${id},"method":"x","params":{"a":"${long}"}}`,
    ],
    ['behind it', (id: string, long: string) => `{"jsonrpc":"2.0","method":"x","params":{"a":"${long}"},"id":${id}}`],
  ])('finds the id of a message that was skipped, %s', (_where, make) => {
    for (const id of ['7', '"seven"']) {
      const seen: unknown[] = [];
      createLineReader(LIMIT).push(Buffer.from(`${make(id, 'y'.repeat(2 * LIMIT))}\n`), (line) => {
        const incoming = readMessage(line);
        if ('answer' in incoming) seen.push(incoming.answer.id);
      });
      expect(seen).toEqual([JSON.parse(id)]);
    }
  });
});
