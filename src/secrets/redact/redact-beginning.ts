import type { RedactionLevel, Redactor } from '../types.ts';

/** Raw characters that are read beyond what is shown: the longest form of a secret, escaped character by character, and more. */
const READ_BEYOND = 64 * 1024;

/**
 * The beginning of a text, redacted first and cut then: half a secret that nobody knows any more is never shown. Where it
 * is cut depends on the text and on whole secrets in it, never on what may be the beginning of one.
 * @param shown characters of the redacted text, at most
 * @param whole false when `text` itself was cut already, `READ_BEYOND` or more behind `shown`
 */
export function redactBeginning(
  text: string,
  {
    redactor,
    level,
    shown,
    whole = true,
  }: { redactor: Redactor; level: RedactionLevel; shown: number; whole?: boolean },
): { readonly text: string; readonly cut: boolean } {
  const read = shown + READ_BEYOND;
  const complete = whole && text.length <= read;
  const redacted = complete ? redactor.redact(text, level) : redactor.redactBeginningOf(text.slice(0, read), level);
  if (complete && redacted.length <= shown) return { text: redacted, cut: false };
  // A pair of surrogates is not cut in two.
  const end = shown > 0 && /[\ud800-\udbff]/.test(redacted[shown - 1] ?? '') ? shown - 1 : shown;
  return { text: redacted.slice(0, end), cut: true };
}
