import type { Redactor, SealLevel } from './types.ts';

/** Raw characters that are read of a long text before it is sealed and cut. */
const READ = 64 * 1024;

/**
 * The beginning of a text, sealed first and cut then: half a secret that nobody knows any more is never shown.
 * @param shown characters of the sealed text, at most
 * @param whole false when `text` itself was cut already: what may be the beginning of a secret at its end is left out
 */
export function sealBeginning(
  text: string,
  { redactor, level, shown, whole = true }: { redactor: Redactor; level: SealLevel; shown: number; whole?: boolean },
): { readonly text: string; readonly cut: boolean } {
  const complete = whole && text.length <= READ;
  const sealed = complete ? redactor.seal(text, level) : redactor.stream(level).push(text.slice(0, READ)).join('');
  if (complete && sealed.length <= shown) return { text: sealed, cut: false };
  // A pair of surrogates is not cut in two.
  const end = shown > 0 && /[\ud800-\udbff]/.test(sealed[shown - 1] ?? '') ? shown - 1 : shown;
  return { text: sealed.slice(0, end), cut: true };
}
