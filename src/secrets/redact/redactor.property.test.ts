import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from './redactor.ts';

const levels = fc.constantFrom('data', 'text', 'connector');
/** Realistic values: letters, digits, signs, spaces, some Unicode; with enough visible characters to search for. */
const value = fc
  .string({
    unit: fc.oneof(fc.constantFrom(...'abcXYZ0189-_+/=.:@#%&?"\'\\ \n<>é雪'), fc.constantFrom('🔑')),
    minLength: 10,
    maxLength: 60,
  })
  .map((text) => text.trim())
  .filter((text) => [...text].filter((char) => /\S/.test(char)).length >= 8);
const noise = fc.string({ unit: fc.constantFrom(...'qjkQJK 56;,\n\t{}"'), maxLength: 30 });

const ENCODERS: Record<string, (text: string) => string> = {
  plain: (text) => text,
  'JSON once': (text) => JSON.stringify(text).slice(1, -1),
  'JSON twice': (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  'JSON, ASCII only': (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'URL component': (text) => encodeURIComponent(text),
  'URL component, small letters': (text) => encodeURIComponent(text).replace(/%../g, (part) => part.toLowerCase()),
  'URL form': (text) => new URLSearchParams({ v: text }).toString().slice(2),
  'every byte %XX': (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'URL within JSON': (text) => JSON.stringify(encodeURIComponent(text)).slice(1, -1),
  'JSON within URL': (text) => encodeURIComponent(JSON.stringify(text).slice(1, -1)),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64, no padding': (text) => Buffer.from(text).toString('base64').replace(/=+$/, ''),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
  HEX: (text) => Buffer.from(text).toString('hex').toUpperCase(),
};

function redacted(secret: string, text: string, level: 'data' | 'text' | 'connector'): string {
  const redactor = createRedactor();
  redactor.add('NAME', secret, { sensitive: true });
  return redactor.redact(text, level);
}

describe('a text that is cut', () => {
  const secretText = fc.string({ unit: fc.constantFrom(...'abcXYZ0189-_+/='), minLength: 12, maxLength: 40 });

  it('shows as much whether or not it ends in the beginning of a secret', () => {
    fc.assert(
      fc.property(
        secretText,
        secretText,
        fc.integer({ min: 1, max: 39 }),
        fc.constantFrom(...Object.keys(ENCODERS)),
        fc.nat(9_000),
        fc.constantFrom('', ' ', '\n', 'z', '\\n', '%20', '\u200b'),
        fc.nat(9_000),
        levels,
        (secret, other, length, how, before, filler, after, level) => {
          fc.pre(!secret.startsWith(other[0] ?? ''));
          const guess = ENCODERS[how]?.(secret.slice(0, Math.min(length, secret.length - 1))) ?? '';
          const text = `${'m n'.repeat(before)}${guess}${filler.repeat(after)}`;
          const shown = [secret, other].map((value) => {
            const redactor = createRedactor();
            redactor.add('NAME', value, { sensitive: true });
            const stream = redactor.stream(level);
            return [redactor.redactBeginningOf(text, level), stream.push(text), stream.flushLines(), stream.end()];
          });
          expect(shown[0]).toEqual(shown[1]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('shows nothing of a secret that the cut goes through, however long', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom(...'abcXYZ0189'), minLength: 64, maxLength: 64 }), {
          minLength: 1,
          maxLength: 200,
        }),
        fc.constantFrom('plain', 'base64', 'hex', 'every byte %XX'),
        fc.nat(),
        (parts, how, at) => {
          const secret = parts.join('');
          const printed = `qq ${ENCODERS[how]?.(secret)} qq`;
          const cut = printed.slice(0, 1 + (at % printed.length));
          const redactor = createRedactor();
          redactor.add('NAME', secret, { sensitive: true });
          const result = redactor.redactBeginningOf(cut, 'data');
          const rest = result.replaceAll('[secret:NAME]', '').replaceAll(/[q\s]/g, '');
          // The end of a base64 form shares one or two characters with the text after it.
          expect(rest.length).toBeLessThanOrEqual(2);
          expect(redactor.redact(printed, 'data').match(/\[secret:NAME\]/g)).toHaveLength(1);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the redactor', () => {
  it.each(Object.entries(ENCODERS))('leaves nothing of a value printed as %s', (_name, encode) => {
    fc.assert(
      fc.property(value, noise, noise, levels, (secret, before, after, level) => {
        const printed = encode(secret);
        const result = redacted(secret, `${before}${printed}${after}`, level);
        expect(result).not.toContain(printed);
        expect(result).toContain('[secret:NAME]');
        // Nothing except the secret is lost.
        expect(result.startsWith(before.trimEnd())).toBe(true);
        expect(result.endsWith(after.trimStart())).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('finds base64 at every alignment, wrapped at 76 columns', () => {
    fc.assert(
      fc.property(
        value,
        fc.string({ maxLength: 70 }),
        fc.string({ maxLength: 70 }),
        fc.boolean(),
        (secret, before, after, safe) => {
          const complete = Buffer.from(before + secret + after);
          const printed = complete.toString(safe ? 'base64url' : 'base64').replace(/.{76}/g, '$&\n');
          const result = redacted(secret, printed, 'data').replaceAll('\n', '');
          expect(result).toContain('[secret:NAME]');
          // The remaining text must not decode to half of the secret.
          for (const part of result.split('[secret:NAME]')) {
            for (const skip of [0, 1, 2, 3]) {
              const decoded = Buffer.from(part.slice(skip), 'base64').toString('utf8');
              for (let at = 0; at + 8 <= secret.length; at += 1) {
                const piece = secret.slice(at, at + 8);
                if (!before.includes(piece) && !after.includes(piece)) expect(decoded.includes(piece)).toBe(false);
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds values with whitespace and line breaks put between', () => {
    fc.assert(
      fc.property(
        value,
        fc.constantFrom(...Object.keys(ENCODERS)),
        fc.array(fc.nat(200), { maxLength: 6 }),
        noise,
        (secret, how, cuts, around) => {
          let printed = ENCODERS[how]?.(secret) ?? '';
          for (const cut of cuts) {
            const at = 1 + (cut % (printed.length - 1));
            // A line break inside \u00e9 or %C3 is not printed by any program, but is still found.
            printed = `${printed.slice(0, at)}\n ${printed.slice(at)}`;
          }
          const result = redacted(secret, `${around}${printed}${around}`, 'data');
          expect(result).toBe(`${around}[secret:NAME]${around}`.replace(/^\s+|\s+$/g, (space) => space));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('changes nothing if there is no secret, and is idempotent', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 4 }),
        fc.string({ unit: fc.constantFrom(...'mnoMNO 234;,\n\t{}'), maxLength: 300 }),
        levels,
        (secrets, text, level) => {
          const redactor = createRedactor();
          for (const [index, secret] of secrets.entries()) redactor.add(`NAME_${index}`, secret, { sensitive: true });
          expect(redactor.redact(text, level)).toBe(text);
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 4 }),
        fc.array(noise, { maxLength: 6 }),
        levels,
        (secrets, pieces, level) => {
          const redactor = createRedactor();
          for (const [index, secret] of secrets.entries())
            redactor.add(`PASSWORD_${index}`, secret, { sensitive: true });
          const text = pieces.flatMap((piece, index) => [piece, secrets[index % secrets.length]]).join('');
          const once = redactor.redact(text, level);
          expect(redactor.redact(once, level)).toBe(once);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('redacts a stream in any pieces as it redacts the complete text', () => {
    const piece = fc.oneof(
      noise,
      fc.constantFrom(
        'token=abc',
        ' "password": "a b"',
        'Authorization: Bearer abcdefghijkl.mnop\n',
        'http://u:p@h/',
        '\\n',
        '\\',
        '%',
        'pin',
        ' x1 ',
      ),
      fc.constantFrom('[secret:NAME_0]', '[redacted]', '[sec'),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(piece, fc.constantFrom(...Object.keys(ENCODERS))), { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        levels,
        (secrets, pieces, cuts, level) => {
          const redactor = createRedactor();
          for (const [index, secret] of secrets.entries()) redactor.add(`NAME_${index}`, secret, { sensitive: true });
          redactor.add('PIN', 'x1', { sensitive: true });
          redactor.add('HOST', 'db.example.com', { sensitive: false });
          const text = pieces
            .map(([part, how], index) => part + (ENCODERS[how]?.(secrets[index % secrets.length] ?? '') ?? ''))
            .join('');
          const positions = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
            (a, b) => a - b,
          );
          const stream = redactor.stream(level);
          const out = positions
            .slice(1)
            .flatMap((position, index) => stream.push(text.slice(positions[index], position)));
          expect([...out, ...stream.end()].join('')).toBe(redactor.redact(text, level));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('redacts neighbours as one text and keeps their number', () => {
    fc.assert(
      fc.property(value, fc.nat(), noise, (secret, cut, around) => {
        const redactor = createRedactor();
        redactor.add('NAME', secret, { sensitive: true });
        const at = 1 + (cut % (secret.length - 1));
        const [first = '', second = '', ...more] = redactor.redactAll(
          [around + secret.slice(0, at), secret.slice(at) + around],
          'text',
        );
        expect(more).toEqual([]);
        expect(first).toBe(`${around}[secret:NAME]`);
        expect(second).toBe(`[secret:NAME]${around}`);
      }),
    );
  });
});
