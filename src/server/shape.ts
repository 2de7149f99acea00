import { type Redactor, sealBeginning } from '../secrets/index.ts';

/** The cap on an answer's text: clients cut longer ones in silence, so we cut first and say it. */
const MAX_CHARACTERS = 48_000;

export function shapeText(text: string, redactor: Redactor): string {
  if (text.length <= MAX_CHARACTERS) return text;
  const { text: shown, cut } = sealBeginning(text, { redactor, level: 'data', shown: MAX_CHARACTERS });
  if (!cut) return shown;
  const left = Math.max(1, text.length - MAX_CHARACTERS);
  return `${shown}\n… cut here: ${left} more characters. Ask for less at once (limit, search, one stream or table).`;
}
