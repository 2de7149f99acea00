/** The cap on an answer's text: clients cut longer ones in silence, so we cut first and say it. */
const MAX_CHARACTERS = 48_000;

export function shapeText(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  const cut = text.slice(0, MAX_CHARACTERS);
  return `${cut}\n… cut here: ${text.length - MAX_CHARACTERS} more characters. Ask for less at once (limit, search, one stream or table).`;
}
