/** Makes visible what would deceive a reader: control, bidirectional and invisible characters become `\u202e`-like text. */

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Line breaks and tabs are no deceit; without the two joiners whole scripts and emoji cannot be written. */
const HARMLESS = new Set(['\n', '\t', '\u200c', '\u200d']);

/** `text` with hidden characters shown as their escapes. */
export function showHidden(text: string): string {
  return text.replace(HIDDEN, (character) => {
    if (HARMLESS.has(character)) return character;
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
