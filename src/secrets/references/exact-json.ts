/** JSON with all digits of its integers. */
import type { JsonValue } from '../../protocol/index.ts';

const TOKEN = /"(?:[^"\\]+|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/**
 * Parses JSON text; an integer beyond ±2^53, which a number would round, becomes a string with all digits.
 * @throws SyntaxError if the text is not JSON
 */
export function parseExactJson(text: string): JsonValue {
  const value = JSON.parse(text) as JsonValue;
  if (!/\d{16}/.test(text)) return value;
  return JSON.parse(text.replace(TOKEN, (token) => (isLongInteger(token) ? `"${token}"` : token))) as JsonValue;
}

function isLongInteger(token: string): boolean {
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));
}

/** For `JSON.stringify`: integers that were read as bigints. */
export function exactInteger(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}
