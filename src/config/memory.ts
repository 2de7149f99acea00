/** Amounts of memory in settings. */

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
/** No connector starts with less. */
const LEAST_MEMORY = 64 * 1024 ** 2;

export const MEMORY_FORMAT = 'an amount such as 512m or 4g, at least 64m';

/** @returns bytes; undefined if it is not a valid amount */
export function readMemory(value: string): number | undefined {
  const bytes = readBytes(value);
  return bytes !== undefined && bytes >= LEAST_MEMORY ? bytes : undefined;
}

/** @returns bytes, such as 2147483648 for `2g`; undefined if it is not an amount */
export function readBytes(value: string): number | undefined {
  const [, digits, unit = ''] =
    /^(\d+(?:\.\d+)?)([bkmg]?)$/.exec(
      value
        .trim()
        .toLowerCase()
        .replace(/(?<=[kmg])i?b$/, ''),
    ) ?? [];
  const bytes = Math.floor(Number(digits) * (UNITS[unit] ?? 1));
  return digits !== undefined && Number.isSafeInteger(bytes) ? bytes : undefined;
}
