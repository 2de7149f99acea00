/** DuckDB values as lossless JSON. */
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { JsonValue } from '../../protocol/index.ts';

type Duck = typeof import('@duckdb/node-api');

/** Converts one value to JSON by its SQL type. */
export type ToJson = (value: DuckDBValue, type: DuckDBType) => JsonValue;

/**
 * Integers beyond ±2^53, HUGEINT and DECIMAL are strings, TIMESTAMPTZ is ISO 8601 with Z, TIMESTAMP without a zone,
 * BLOB base64, NaN and infinities strings; a MAP with text keys is an object, any other a list of `{key, value}`.
 */
export function valueConverter(duck: Duck): ToJson {
  const { DuckDBTypeId: Id } = duck;
  const convert: ToJson = (value, type) => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'bigint') {
      const huge = type.typeId === Id.HUGEINT || type.typeId === Id.UHUGEINT || type.typeId === Id.BIGNUM;
      return huge || !Number.isSafeInteger(Number(value)) ? value.toString() : Number(value);
    }
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return String(value);
      return type.typeId === Id.FLOAT ? shortestFloat(value) : value;
    }
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    if (value instanceof duck.DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
    if (value instanceof duck.DuckDBTimestampTZValue)
      return isoTimestamp(new duck.DuckDBTimestampValue(value.micros), 'Z');
    if (
      value instanceof duck.DuckDBTimestampValue ||
      value instanceof duck.DuckDBTimestampSecondsValue ||
      value instanceof duck.DuckDBTimestampMillisecondsValue ||
      value instanceof duck.DuckDBTimestampNanosecondsValue
    ) {
      return isoTimestamp(value, '');
    }
    if (value instanceof duck.DuckDBListValue && type instanceof duck.DuckDBListType) {
      return value.items.map((item) => convert(item, type.valueType));
    }
    if (value instanceof duck.DuckDBArrayValue && type instanceof duck.DuckDBArrayType) {
      return value.items.map((item) => convert(item, type.valueType));
    }
    if (value instanceof duck.DuckDBStructValue && type instanceof duck.DuckDBStructType) {
      const member = (name: string, at: number): [string, JsonValue] => [
        name,
        convert(value.entries[name] ?? null, type.entryTypes[at] ?? type),
      ];
      return Object.fromEntries(type.entryNames.map(member));
    }
    if (value instanceof duck.DuckDBMapValue && type instanceof duck.DuckDBMapType) {
      const pairs = value.entries.map(
        ({ key, value: held }) => [convert(key, type.keyType), convert(held, type.valueType)] as const,
      );
      return mapJson(pairs, type.keyType.typeId === Id.VARCHAR);
    }
    if (value instanceof duck.DuckDBUnionValue && type instanceof duck.DuckDBUnionType) {
      return convert(value.value, type.memberTypeForTag(value.tag));
    }
    if (value instanceof duck.DuckDBDateValue && Math.abs(value.days) === ENDLESS_DAYS)
      return value.days > 0 ? 'infinity' : '-infinity';
    // DATE, TIME, INTERVAL, DECIMAL, UUID, BIT and the like have their own text form.
    return String(value);
  };
  return convert;
}

/** DuckDB's `infinity`, which would print as a day of the year 5881580. */
const ENDLESS_DAYS = 2 ** 31 - 1;

/** Text keys become an object; other keys could collide as text. */
export function mapJson(pairs: readonly (readonly [JsonValue, JsonValue])[], textKeys: boolean): JsonValue {
  return textKeys
    ? Object.fromEntries(pairs.map(([key, value]) => [String(key), value]))
    : pairs.map(([key, value]) => ({ key, value }));
}

function isoTimestamp(value: { toString(): string }, zone: string): string {
  const text = value.toString();
  const before = /^(\S+) \(BC\) (\S+)$/.exec(text);
  if (before) return `${before[1]}T${before[2]}${zone} (BC)`;
  // "infinity" has neither date nor zone.
  return text.includes(' ') ? `${text.replace(' ', 'T')}${zone}` : text;
}

// 0.1 stored in 32 bits reads as 0.10000000149011612 in 64: the shortest equivalent text is shown.
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
