import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeHidden, unescapeHidden } from './hidden-characters.ts';

test('what deceives a reader is shown, what writes languages stays', () => {
  expect(escapeHidden('safe\u202eevil\u2066x\u0007\u001b[31m')).toBe('safe\\u202eevil\\u2066x\\u0007\\u001b[31m');
  expect(escapeHidden('a\u{e0041}\u{e007f}b\ufeff\u2028')).toBe('a\\u{e0041}\\u{e007f}b\\ufeff\\u2028');
  const honest = 'línea\n\tनमस्‍ते 👩‍👩‍👧 می‌خواهم 漢字';
  expect(escapeHidden(honest)).toBe(honest);
});

test('a lone surrogate cannot break the line it is in', () => {
  expect(escapeHidden('x\ud800y')).toBe('x\\ud800y');
});

test('what was shown is read back, and nothing else is taken for it', () => {
  const unit = fc.constantFrom('a', 'É', '\ufeff', '\u202e', '\u{e0041}', '\n', '\u200d', '{', 'u', '\ud800');
  fc.assert(fc.property(fc.string({ unit }), (text) => unescapeHidden(escapeHidden(text)) === text));
  expect(unescapeHidden('\\u0041\\u00e9\\u000a\\u{10ffff0}')).toBe('\\u0041\\u00e9\\u000a\\u{10ffff0}');
});
