/** Converts a secret's text to the type of a field. */
import type { JsonValue } from '../../protocol/index.ts';
import { parseExactJson } from './exact-json.ts';

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** @returns undefined if the value does not fit any of the types; an empty list accepts anything */
export function convert(value: JsonValue, types: readonly string[]): JsonValue | undefined {
  if (types.length === 0 || types.some((type) => fits(value, type))) return value;
  if (typeof value !== 'string') {
    if (!types.includes('string') || value === null) return undefined;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  for (const type of types) {
    const converted = fromText(value.trim(), type);
    if (converted !== undefined) return converted;
  }
  return undefined;
}

function fits(value: JsonValue, type: string): boolean {
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function fromText(text: string, type: string): JsonValue | undefined {
  if (type === 'boolean') {
    if (/^(true|yes|1)$/i.test(text)) return true;
    return /^(false|no|0)$/i.test(text) ? false : undefined;
  }
  if (type === 'number' || type === 'integer') {
    const number = NUMBER.test(text) ? Number(text) : Number.NaN;
    return Number.isFinite(number) && fits(number, type) ? number : undefined;
  }
  try {
    const value = parseExactJson(text);
    return fits(value, type) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The value at a JSON pointer (RFC 6901) inside JSON text.
 * @returns undefined if the text is not JSON or has nothing there
 */
export function atPointer(text: string, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined;
  try {
    value = parseExactJson(text);
  } catch {
    return undefined;
  }
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
    value = (value as Record<string, JsonValue>)[key];
  }
  return value;
}
