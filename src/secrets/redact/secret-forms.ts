/** The forms in which programs print a value: escaped, URL-encoded, base64, hex. */

/** A value in text forms: plain, JSON-escaped once and twice, URL-encoded, in HTML. */
export function textForms(value: string): Set<string> {
  // Most tokens are the same in all forms.
  if (/^[\w-]*$/.test(value)) return new Set([value]);
  const json = jsonEscaped(value);
  const component = percentEncoded(value, /[A-Za-z0-9\-_.!~*'()]/);
  const form = percentEncoded(value, /[A-Za-z0-9\-_.* ]/).replaceAll(' ', '+');
  return new Set([
    value,
    json,
    jsonEscaped(json),
    component,
    form,
    ...[component, form].map(lowerEscapes),
    ...[component, form].map(lowerEscapes).map(jsonEscaped),
    htmlEscaped(value),
  ]);
}

/** All text forms, and base64 at each alignment, base64url and hex. */
export function allForms(value: string): Set<string> {
  const forms = textForms(value);
  for (const source of new Set([value, jsonEscaped(value)])) {
    const bytes = Buffer.from(source, 'utf8');
    for (const encoded of base64Forms(bytes)) {
      forms.add(encoded);
      forms.add(encoded.replaceAll('+', '-').replaceAll('/', '_'));
    }
    forms.add(bytes.toString('hex'));
    forms.add(bytes.toString('hex').toUpperCase());
  }
  return forms;
}

/** For each alignment: the characters determined by the value alone, and the ending if the value is last. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const head = Math.ceil((before * 8) / 6);
    const inner = encoded.slice(head, Math.floor(((before + bytes.length) * 8) / 6));
    const padded = encoded.slice(head);
    return [inner, padded, padded.replace(/=+$/, '')];
  });
}

function jsonEscaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function percentEncoded(text: string, safe: RegExp): string {
  let result = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    result += byte < 0x80 && safe.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return result;
}

function lowerEscapes(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (coded) => coded.toLowerCase());
}

function htmlEscaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
