import { expect, test } from 'vitest';
import { showHidden } from './present.ts';

test('what deceives a reader is shown, what writes languages stays', () => {
  expect(showHidden('safe\u202eevil\u2066x\u0007\u001b[31m')).toBe('safe\\u202eevil\\u2066x\\u0007\\u001b[31m');
  expect(showHidden('a\u{e0041}\u{e007f}b\ufeff\u2028')).toBe('a\\u{e0041}\\u{e007f}b\\ufeff\\u2028');
  const honest = 'línea\n\tनमस्‍ते 👩‍👩‍👧 می‌خواهم 漢字';
  expect(showHidden(honest)).toBe(honest);
});

test('a lone surrogate cannot break the line it stands in', () => {
  expect(showHidden('x\ud800y')).toBe('x\\ud800y');
});
