import type { RedactionLevel, Redactor } from '../types.ts';

/** Raw characters to read beyond the shown text: more than the longest form of a secret, with every character escaped. */
const READ_BEYOND = 64 * 1024;

/**
 * The beginning of a text, redacted before it is cut, so that an unrecognized half of a secret is never shown. Where it
 * is cut depends on the text and on complete secrets in it, never on a possible beginning of one.
 * @param shown characters of the redacted text, at most
 * @param isComplete false when `text` itself was cut already, `READ_BEYOND` or more after `shown`
 */
export function redactBeginning(
  text: string,
  {
    redactor,
    level,
    shown,
    isComplete = true,
  }: { redactor: Redactor; level: RedactionLevel; shown: number; isComplete?: boolean },
): { readonly text: string; readonly cut: boolean } {
  const read = shown + READ_BEYOND;
  const readsAll = isComplete && text.length <= read;
  const redacted = readsAll ? redactor.redact(text, level) : redactor.redactBeginningOf(text.slice(0, read), level);
  if (readsAll && redacted.length <= shown) return { text: redacted, cut: false };
  // Do not split a surrogate pair.
  const end = shown > 0 && /[\ud800-\udbff]/.test(redacted[shown - 1] ?? '') ? shown - 1 : shown;
  return { text: redacted.slice(0, end), cut: true };
}
