/** Finds the ends of PEM and JSON blocks that someone put into an env file. */

/** Whether a PEM block begins in this text. */
export function opensPem(text: string): boolean {
  return /-----BEGIN [A-Z0-9 ]+-----/.test(text);
}

/** Whether an opening bracket begins JSON: a password may begin with a bracket too. */
export function looksLikeJson(text: string): boolean {
  return /^\s*(?:\{\s*(?:$|["}])|\[\s*(?:$|["{[\]\d-]|true|false|null))/m.test(text) && /^\s*[{[]/.test(text);
}

/** The index after the bracket that closes the first one, strings skipped; undefined when nothing closes it. */
export function blockEnd(text: string): number | undefined {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return undefined;
}
