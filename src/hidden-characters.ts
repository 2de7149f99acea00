/** Control, bidirectional and invisible characters, which would deceive a reader or a terminal. */

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Line breaks and tabs do not deceive; some scripts and emoji need the two joiners. */
const HARMLESS = new Set(['\n', '\t', '\u200c', '\u200d']);
const ESCAPE = /\\u([\da-f]{4})|\\u\{([\da-f]{5,6})\}/gi;

/** The text with each hidden character as its escape: `\ufeff`, `\u{e0041}`. */
export function escapeHidden(text: string): string {
  return text.replace(HIDDEN, (character) => {
    if (HARMLESS.has(character)) return character;
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The text that `escapeHidden` showed so; escapes of other characters stay. */
export function unescapeHidden(shown: string): string {
  return shown.replace(ESCAPE, (written, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? '', 16);
    if (code > 0x10ffff) return written;
    const character = String.fromCodePoint(code);
    return escapeHidden(character) === written.toLowerCase() ? character : written;
  });
}
