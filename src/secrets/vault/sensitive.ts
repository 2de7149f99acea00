/** Which secrets are sensitive: by a word of the name, by the shape of the value, or because a person lists it. */
import { isObject, type JsonValue } from '../../protocol/index.ts';
import { passwordsIn } from '../redact/passwords.ts';

const WORDS = new Set([
  'KEY',
  'SECRET',
  'TOKEN',
  'PASSWORD',
  'PASSWD',
  'PASS',
  'PWD',
  'CREDENTIAL',
  'CREDENTIALS',
  'PRIVATE',
  'DSN',
]);

export interface NameLists {
  readonly sensitiveNames: readonly string[];
  readonly plainNames: readonly string[];
}

/** `SLUICE_SENSITIVE` and `SLUICE_PLAIN` overrule; a name in both is sensitive. */
export function isSensitive(name: string, value: string, lists: NameLists): boolean {
  if (lists.sensitiveNames.includes(name)) return true;
  if (lists.plainNames.includes(name)) return false;
  return hasSensitiveWord(name) || hasSensitiveShape(value);
}

/** Whether a complete word of a name means that its value is secret; words are split at anything but letters and digits. */
export function hasSensitiveWord(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').split(/[^A-Za-z0-9]+/);
  return words.some((word) => WORDS.has(word.toUpperCase()));
}

/** A PEM key, a JSON with `private_key`, or a URL with a password. */
export function hasSensitiveShape(value: string): boolean {
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(value)) return true;
  if (passwordsIn(value).length > 0) return true;
  if (!/^\s*[{[]/.test(value) || !value.includes('private_key')) return false;
  try {
    return hasPrivateKey(JSON.parse(value) as JsonValue);
  } catch {
    return false;
  }
}

function hasPrivateKey(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(hasPrivateKey);
  return isObject(value) && (Object.hasOwn(value, 'private_key') || Object.values(value).some(hasPrivateKey));
}
