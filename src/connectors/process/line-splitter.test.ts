import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from './line-splitter.ts';

function split(chunks: readonly Buffer[], maxBytes = 1_000_000): { lines: string[]; dropped: number[] } {
  const lines: string[] = [];
  const dropped: number[] = [];
  const splitter = createLineSplitter(
    maxBytes,
    (line) => lines.push(line),
    (bytes) => dropped.push(bytes),
  );
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return { lines, dropped };
}

describe('createLineSplitter', () => {
  it('returns the same lines however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(20)), (texts, cuts) => {
        const expected = texts.map((text) => text.replaceAll('\n', ' '));
        const bytes = Buffer.from(expected.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        expect(split(chunks).lines).toEqual(expected);
      }),
    );
  });

  it('hands out a last line without a newline, and no empty one after a newline', () => {
    expect(split([Buffer.from('a\nb')]).lines).toEqual(['a', 'b']);
    expect(split([Buffer.from('a\n')]).lines).toEqual(['a']);
  });

  it('drops a line that is too long and continues with the next', () => {
    const chunks = ['ok\n', 'x'.repeat(60), 'x'.repeat(60), '\nnext\n'].map((text) => Buffer.from(text));
    expect(split(chunks, 100)).toEqual({ lines: ['ok', 'next'], dropped: [120] });
  });
});
