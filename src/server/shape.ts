/** One size for each answer, for its text and its data together: clients cut longer ones silently, so Sluice cuts first and reports it. */
import { isObject } from '../protocol/index.ts';
import { type Redactor, redactBeginning } from '../secrets/index.ts';
import { fitData } from './fit-data.ts';

/** Characters of an answer in all. */
const MAX_ANSWER = 96_000;
/** Characters of its text; the rest is available to the data. */
const MAX_TEXT = 48_000;
/** Reserved for the note about the cut. */
const RESERVE = 2_000;
const ASK_FOR_LESS = 'Ask for less at once (limit, search, one stream or table).';

/** The text of an answer, cut if it is too long. */
export function shapeText(text: string, redactor: Redactor): string {
  if (text.length <= MAX_TEXT) return text;
  const { text: shown, cut } = redactBeginning(text, { redactor, level: 'data', shown: MAX_TEXT });
  if (!cut) return shown;
  const left = Math.max(1, text.length - MAX_TEXT);
  return `${shown}\n… cut here: ${left} more characters. ${ASK_FOR_LESS}`;
}

/**
 * The data of an answer, cut if it is too large, and the sentence about that.
 * @param data already redacted
 * @param textLength characters of the answer's text
 */
export function shapeData(
  data: unknown,
  textLength: number,
  isOutputField: (key: string) => boolean,
): { readonly data: unknown; readonly cut?: string } {
  const fitted = fitData(data, MAX_ANSWER - textLength - RESERVE, isOutputField);
  if (fitted.cuts.length === 0) return { data };
  const cut = `The data of this answer is cut: ${fitted.cuts.join('; ')}. ${ASK_FOR_LESS}`;
  return { data: { ...(isObject(fitted.data) ? fitted.data : {}), cut }, cut };
}
