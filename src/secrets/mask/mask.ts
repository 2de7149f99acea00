/** Masks a configuration from elsewhere for display: keys and plain values stay, each secret is replaced by a mask. */
import { type FieldPath, fieldsAt, isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { findShapes } from '../redact/shapes.ts';
import { hasSensitiveShape, hasSensitiveWord } from '../vault/sensitive.ts';

export const MASK = '**********';

export interface MaskRules {
  /** The connector's `connectionSpecification`; without it only names decide. */
  readonly spec?: JsonObject | undefined;
  /** The registry's published list of keys whose values are secret. */
  readonly secretKeys: ReadonlySet<string>;
}

/**
 * Secret is what the spec marks, what is under a key of the list, what the spec does not know and is named like a
 * secret, each with everything inside it; a text under an unambiguous name, because authors omit the mark;
 * and every text, or part of one, that looks like a secret, JSON in a text included.
 */
export function maskConfiguration(configuration: JsonObject, { spec, secretKeys }: MaskRules): JsonObject {
  const isSecret = (path: FieldPath, key: string, value: JsonValue): boolean => {
    // All branches count: a value may be left over from another branch.
    const facts = spec && fieldsAt(spec, path);
    if (facts?.secret || secretKeys.has(key)) return true;
    if (facts?.known && !facts.freeForm) return typeof value === 'string' && namesSecret(key);
    return carriesSecret(key);
  };
  const walk = (value: JsonValue, path: FieldPath): JsonValue => {
    const key = path.at(-1);
    if (key !== undefined && value !== null && isSecret(path, typeof key === 'string' ? key : '', value)) return MASK;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (isObject(value)) {
      const paired = isSecretPair(value, secretKeys);
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [
          name,
          paired && name === 'value' ? MASK : walk(item, [...path, name]),
        ]),
      );
    }
    return typeof value === 'string' ? maskText(value, secretKeys) : value;
  };
  return walk(configuration, []) as JsonObject;
}

/** Whether a text under this name is a secret regardless of the spec: `api_token`, but not `token_url`. */
export function namesSecret(key: string): boolean {
  return /(pass(word|wd|phrase)|pwd|secret|token|(api|access|secret|private|auth|account)[_-]?key)$/i.test(key);
}

/** Whether a name without a spec belongs to a secret: by one of its words, or as a header that carries one. */
export function carriesSecret(key: string): boolean {
  return hasSensitiveWord(key) || CARRIERS.test(key);
}

const CARRIERS =
  /^(proxy-|x-)?auth(orization)?$|cookie|^(x[-_])?(api|app|auth|access|license)[-_]?key$|^(pass_?code|jwt|otp|hmac|sas_?(url)?)$/i;

/** `{"name": "X-Api-Key", "value": …}`, as headers and parameters are written in lists. */
function isSecretPair(value: JsonObject, secretKeys: ReadonlySet<string>): boolean {
  if (value.value === null || !Object.hasOwn(value, 'value')) return false;
  const names = ['name', 'key', 'header', 'header_name', 'field', 'field_name', 'parameter'];
  return names.some((field) => {
    const name = Object.hasOwn(value, field) ? value[field] : undefined;
    return typeof name === 'string' && (secretKeys.has(name) || namesSecret(name) || carriesSecret(name));
  });
}

/** Masks substrings of a text that look like a secret. */
export function maskText(text: string, secretKeys: ReadonlySet<string>): string {
  if (hasSensitiveShape(text)) return MASK;
  const inner = jsonIn(text);
  if (inner !== undefined) {
    const masked = JSON.stringify(maskConfiguration({ inner }, { secretKeys }).inner);
    return masked === JSON.stringify(inner) ? text : masked;
  }
  return maskShapes(text);
}

/** Masks the values in a text that follow words such as `password=`. */
export function maskShapes(text: string): string {
  return findShapes(text).reduceRight(
    (shown, { start, end }) => (end > start ? `${shown.slice(0, start)}${MASK}${shown.slice(end)}` : shown),
    text,
  );
}

function jsonIn(text: string): JsonValue | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
