/** The readings that a text may get on its way to a file: decoded, unescaped, in the usual letters. Pure. */

/** How often a text is decoded again: no program does it more than two or three times. */
const MAX_ROUNDS = 8;
/** What no path shows and some programs drop. */
const INVISIBLE = /[\0\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;
/** A drive, a share, or a climb as Windows writes them. */
const WINDOWS_PATH = /(?:^|[^a-z])[a-z]:\\|^\\\\|\.\.\\|%\w+%\\/i;

const READINGS: readonly ((text: string) => string)[] = [
  (text) => text.trim(),
  percentDecoded,
  (text) =>
    text.replace(/[\\%]u([\da-fA-F]{4})|\\u\{([\da-fA-F]{1,6})\}|\\U([\da-fA-F]{8})|\\[xX]([\da-fA-F]{2})/g, unescaped),
  (text) => text.replace(/\\([0-3][0-7]{2})/g, (all, octal) => character(Number.parseInt(octal, 8).toString(16), all)),
  (text) => text.replace(/&#x([0-9a-f]{1,6});?/gi, (all, hex) => character(hex, all)),
  (text) => text.replace(/&#([0-9]{1,7});?/g, (all, digits) => character(Number(digits).toString(16), all)),
  (text) => text.replace(/&(sol|bsol|period|lowbar|colon|quot|amp);/g, (all, name) => ENTITIES[name] ?? all),
  (text) => text.normalize('NFKC').replace(/[\u2044\u2215\u29f8]/g, '/'),
  (text) => text.replace(INVISIBLE, ''),
  (text) => text.replace(/\\(["'\\/])/g, '$1'),
];

const ENTITIES: Readonly<Record<string, string>> = {
  sol: '/',
  bsol: '\\',
  period: '.',
  lowbar: '_',
  colon: ':',
  quot: '"',
  amp: '&',
};

/** The text and all that its decodings, one upon another, make of it. */
export function spelledForms(text: string): string[] {
  const forms = new Set([text]);
  let form = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = form;
    for (const read of READINGS) {
      form = read(form);
      forms.add(form);
    }
    if (form === before) break;
  }
  for (const one of [...forms]) if (WINDOWS_PATH.test(one)) forms.add(one.replaceAll('\\', '/'));
  return [...forms];
}

function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

function unescaped(all: string, ...groups: (string | undefined)[]): string {
  return character(groups.slice(0, 4).find((hex) => hex !== undefined) ?? '', all);
}

function character(hex: string, otherwise: string): string {
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}
