import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSegments } from './segments.ts';

type Step =
  | { readonly kind: 'append'; readonly size: number }
  | { readonly kind: 'confirm' | 'take' | 'all' | 'flush' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('append' as const), size: fc.integer({ min: 1, max: 60_000 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'confirm' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'take' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
);

describe('segments', () => {
  it('return every line once, in order, and only confirmed lines', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const folder = await mkdtemp(join(tmpdir(), 'sluice-segments-'));
        try {
          // Many streams make small buffers, which fill in the middle of lines.
          const segments = await createSegments(folder, 2_000);
          let next = 0;
          let confirmed = 0;
          let handed = 0;
          for (const { kind, ...more } of [...steps, { kind: 'all' as const }]) {
            if (kind === 'append' && 'size' in more) {
              const line = Buffer.from(`${next} ${'x'.repeat(more.size)}\n`);
              segments.append(7, line, 1, line.length, 'message');
              next += 1;
            } else if (kind === 'confirm') {
              segments.confirm(7);
              confirmed = next;
            } else if (kind === 'flush') await segments.flush();
            else {
              const files = kind === 'all' ? await segments.takeAll(7) : await segments.takeConfirmed(7);
              for (const { path, rows, bytes, longestLine } of files) {
                const text = await readFile(path, 'utf8');
                const lines = text.split('\n').slice(0, -1);
                expect([lines.length, Buffer.byteLength(text)]).toEqual([rows, bytes]);
                expect(Math.max(...lines.map((line) => line.length + 1))).toBeLessThanOrEqual(longestLine);
                for (const line of lines) {
                  expect(Number(line.split(' ')[0])).toBe(handed);
                  handed += 1;
                }
              }
              expect(handed).toBe(kind === 'all' ? next : confirmed);
              expect(segments.waiting(7).rows).toBe(next - handed);
            }
          }
        } finally {
          await rm(folder, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are private, and a long line has its own', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'sluice-segments-')), 'sync');
    const segments = await createSegments(folder, 1);
    for (const size of [10, 9 * 1024 * 1024, 10, 10]) {
      const line = Buffer.from(`${'x'.repeat(size)}\n`);
      segments.append(0, line, 1, line.length, 'message');
    }
    const files = await segments.takeAll(0);
    expect(files.map(({ rows }) => rows)).toEqual([1, 1, 2]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const { path } of files) expect((await stat(path)).mode & 0o777).toBe(0o600);
    await rm(folder, { recursive: true });
  });

  it('report where a decimal has more digits than a double, at any position, and only there', async () => {
    const short = fc.constantFrom(
      '0.5',
      '1700000000000',
      '"2024-01-02T03:04:05.123456"',
      '0.10000000000000000',
      '"12345678901234567890.5"',
    );
    const long = fc.constantFrom(
      '0.1234567890123456789',
      '12345678901234567.25',
      '-9007199254740993.5',
      '1.00000000000000000001e-7',
    );
    const line = (value: string, key: string): Buffer => Buffer.from(`{"${key}":${value}}\n`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(short, fc.string({ unit: 'grapheme-ascii', maxLength: 20 })), { maxLength: 30 }),
        fc.option(fc.tuple(long, fc.nat())),
        async (values, odd) => {
          const folder = await mkdtemp(join(tmpdir(), 'sluice-segments-'));
          const lines = values.map(([value, key]) => line(value, key.replaceAll(/["\\]/g, '')));
          if (odd) lines.splice(odd[1] % (lines.length + 1), 0, line(odd[0], 'odd'));
          try {
            const segments = await createSegments(folder, 1);
            // Half of them piece by piece, and half at once.
            const half = lines.length / 2;
            for (const one of lines.slice(0, half)) segments.append(0, one, 1, one.length, 'message');
            segments.confirm(0);
            const rest = Buffer.concat(lines.slice(half));
            if (rest.length > 0) segments.append(0, rest, lines.length, rest.length, 'message');
            const files = [...(await segments.takeConfirmed(0)), ...(await segments.takeAll(0))];
            expect(files.some(({ longNumbers }) => longNumbers)).toBe(odd !== null);
          } finally {
            await rm(folder, { recursive: true });
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
