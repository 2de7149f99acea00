/** One size for each answer, for its text and its data together: clients cut longer ones in silence, so we cut first and say it. */
import { isObject } from '../protocol/index.ts';
import { type Redactor, sealBeginning } from '../secrets/index.ts';
import { fitData } from './fit-data.ts';
import { isOwnWord } from './own-words.ts';

/** Characters of an answer in all. */
export const MAX_ANSWER = 96_000;
/** Characters of its text; what the text does not take is left to the data. */
const MAX_TEXT = 48_000;
/** For the words about what was cut. */
const RESERVE = 2_000;
const ASK_FOR_LESS = 'Ask for less at once (limit, search, one stream or table).';

export interface Shaped {
  readonly text: string;
  readonly data: Record<string, unknown>;
}

/** @param data an object; redacted here, before it is cut */
export function shapeAnswer(text: string, data: unknown, redactor: Redactor): Shaped {
  const shown = shapeText(text, redactor);
  const sealed = redactor.sealValue(data, 'data', isOwnWord);
  const fitted = fitData(sealed, MAX_ANSWER - shown.length - RESERVE, isOwnWord);
  const fields = isObject(fitted.data) ? fitted.data : {};
  if (fitted.cuts.length === 0) return { text: shown, data: fields };
  const cut = `The data of this answer is cut: ${fitted.cuts.join('; ')}. ${ASK_FOR_LESS}`;
  return { text: `${shown}\n${cut}`, data: { ...fields, cut } };
}

function shapeText(text: string, redactor: Redactor): string {
  if (text.length <= MAX_TEXT) return text;
  const { text: shown, cut } = sealBeginning(text, { redactor, level: 'data', shown: MAX_TEXT });
  if (!cut) return shown;
  const left = Math.max(1, text.length - MAX_TEXT);
  return `${shown}\n… cut here: ${left} more characters. ${ASK_FOR_LESS}`;
}
