import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../secrets/index.ts';
import { createTail, redactedLines, redactedStart, redactedText, SHOWN } from './tail.ts';

const SECRET = 'correct-horse-battery-staple';

function redactor(): ReturnType<typeof createRedactor> {
  const sealing = createRedactor();
  sealing.add('PHRASE', SECRET, { sensitive: true });
  return sealing;
}

describe('a tail', () => {
  it('keeps the end, in bounded memory', () => {
    const tail = createTail(100);
    for (let index = 0; index < 1000; index += 1) tail.push(`line ${index}\n`);
    const retained = tail.pieces().join('');
    expect(retained.length).toBeLessThanOrEqual(100);
    expect(retained.endsWith('line 999\n')).toBe(true);
    expect(tail.cut).toBe(true);
  });

  it('shows all of a short text and marks a long one as cut', () => {
    const short = createTail();
    short.push('all of it');
    expect(redactedText(short, redactor())).toBe('all of it');
    const long = createTail();
    long.push('x'.repeat(SHOWN * 2));
    expect(redactedText(long, redactor())).toBe(`…${'x'.repeat(SHOWN)}`);
  });

  it('shows no part of a secret that the cut went through, wherever it goes through', () => {
    for (let at = 0; at <= SECRET.length; at += 1) {
      const tail = createTail(400);
      tail.push(`${SECRET}${'.'.repeat(400 - at)}`);
      expect(tail.cut).toBe(at < SECRET.length || SECRET.length > at);
      const shown = redactedText(tail, redactor(), 390);
      for (let size = 4; size <= SECRET.length; size += 1) expect(shown).not.toContain(SECRET.slice(-size));
    }
  });

  it('redacts what two messages share', () => {
    const tail = createTail();
    tail.push(SECRET.slice(0, 14));
    tail.push(SECRET.slice(14));
    const shown = redactedLines(tail, redactor());
    expect(shown).not.toContain('horse');
    expect(shown).not.toContain('staple');
  });

  it('redacts before it cuts the start of a message', () => {
    const shown = redactedStart(`${'m'.repeat(90)}${SECRET}`, redactor(), 100);
    expect(shown).not.toContain('correct');
    expect(shown.length).toBeLessThan(120);
  });
});
