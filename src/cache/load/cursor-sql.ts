/** The cursor by which records of one key are compared, as SQL for both databases. */
import type { LoadConnection } from '../sql.ts';
import type { ValueOf } from './key-sql.ts';
import { valueAt } from './key-sql.ts';
import type { Column } from './types.ts';

/** 1: no order, 2: a value of the column's type or a number, 3: an instant. */
export type Kind = 1 | 2 | 3;

/**
 * A row's cursor. Only cursors of one kind are compared, part by part; among cursors of several
 * kinds, and of a kind without an order, the record that came last is the newest.
 */
export interface Cursor {
  readonly value: ValueOf;
  /** A Kind, or 0 if there is no cursor. */
  readonly kind: ValueOf;
  /** For rows of this kind, and for rows without a cursor. */
  parts(kind: Kind): readonly ValueOf[];
  /** Whether another kind than 2 is possible. */
  readonly isMixed: boolean;
}

const NUMBER = '^-?[0-9]{1,37}([.][0-9]+)?$';
const YEAR = '([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])';
const LEAP_YEAR = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][48]|[2468]0|[13579][26])00)';
/** Only valid days, because Postgres cannot try a cast. */
const DAY = `(${YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|${LEAP_YEAR}-02-29)`;
const TIME = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?';
const INSTANT = `^${DAY}([Tt ]${TIME} ?([Zz]|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?)?$`;

/**
 * @param path the cursor's field, or the path to it
 * @param deletedAt the field by which change data capture marks a deleted row: such a record may have only its key
 */
export function cursorAt(
  connection: LoadConnection,
  columns: readonly Column[],
  path: readonly string[],
  deletedAt: Column | undefined,
): Cursor {
  const value = valueAt(connection, columns, path, true);
  const [first] = path;
  const own = columns.find(({ field }) => field === first);
  const isWhole = columns.some(({ field }) => field === undefined);
  const isTyped = own && own.type !== 'JSON' && own.type !== 'VARCHAR' && path.length === 1 && !isWhole;
  const text = (alias: string): string => `CAST(${value(alias)} AS VARCHAR)`;
  const ofValue = isTyped ? '2' : undefined;
  const deleted =
    deletedAt && deletedAt.field !== first ? valueAt(connection, columns, [deletedAt.field ?? '']) : undefined;
  const none = (alias: string): string => (deleted ? `CASE WHEN ${deleted(alias)} IS NULL THEN 0 ELSE 1 END` : '0');
  const kind = (alias: string): string =>
    `CASE WHEN ${value(alias)} IS NULL THEN ${none(alias)} ${ofValue ? `ELSE ${ofValue}` : `WHEN ${text(alias)} ~ '${NUMBER}' THEN 2 WHEN ${text(alias)} ~ '${INSTANT}' THEN 3 ELSE 1`} END`;
  const parts = (of: Kind): readonly ValueOf[] => {
    if (of === 1) return [];
    return isTyped ? [value] : of === 2 ? numberParts(text) : instantParts(text);
  };
  return { value, kind, parts, isMixed: !isTyped || deleted !== undefined };
}

/** No type of the databases holds all digits, so the fraction is a separate part. */
function numberParts(text: ValueOf): ValueOf[] {
  return [
    (alias) => `CAST(split_part(${text(alias)}, '.', 1) AS DECIMAL(38,0))`,
    (alias) => `CAST(${text(alias)} AS DOUBLE PRECISION)`,
    (alias) => `rtrim(split_part(${text(alias)}, '.', 2), '0')`,
  ];
}

function instantParts(text: ValueOf): ValueOf[] {
  return [
    (alias) => `CAST(${toTheSecond(text(alias))} AS TIMESTAMPTZ)`,
    (alias) =>
      `CASE WHEN length(${text(alias)}) > 20 THEN rtrim(regexp_replace(${text(alias)}, '^[^.,]*[.,]?([0-9]*).*$', '\\1'), '0') ELSE '' END`,
  ];
}

/** An instant without its fraction, in a form that both databases read; the usual forms skip the slow check. */
function toTheSecond(text: string): string {
  const close = `regexp_replace(regexp_replace(upper(${text}), '[.,][0-9]+', ''), '^(.{11,}) ([-+Z].*)$', '\\1\\2')`;
  const timed = `CASE WHEN length(${text}) = 10 THEN ${text} || ' 00:00:00' ELSE regexp_replace(${close}, '^(.{13}:[0-9]{2})([-+Z].*)?$', '\\1:00\\2') END`;
  const any = `${timed} || CASE WHEN ${close} ~ '^.{11,}(Z|[-+][0-9:]+)$' THEN '' ELSE 'Z' END`;
  const start = `substr(${text}, 1, 19)`;
  const hasSeconds = `substr(${text}, 17, 1) = ':'`;
  return `CASE WHEN ${hasSeconds} AND right(${text}, 1) = 'Z' THEN ${start} || 'Z'
    WHEN ${hasSeconds} AND right(${text}, 6) = '+00:00' THEN ${start} || 'Z' ELSE ${any} END`;
}

/**
 * Whether the cursor of `t` is greater than that of `w`, a row that came after it.
 * @param kinds the kinds that `w` may have
 */
export function isNewer(cursor: Cursor, kinds: readonly Kind[]): string {
  const { value, kind, parts } = cursor;
  const some = `(${value('w')} IS NULL AND ${kind('w')} = 0 AND ${kind('t')} > 0)`;
  const ordered = kinds
    .filter((one) => one > 1)
    .map((one) => {
      // Where all are of one kind, the present value is of that kind.
      const isOfKind = kinds.length === 1 ? `${value('w')} IS NOT NULL` : `${kind('w')} = ${one}`;
      return `CASE WHEN ${isOfKind} AND ${kind('t')} = ${one} THEN ${isGreater(parts(one))} ELSE FALSE END`;
    });
  return `(${[some, ...ordered].join(' OR ')})`;
}

function isGreater([first, ...others]: readonly ValueOf[]): string {
  if (!first) return 'FALSE';
  const [t, w] = [first('t'), first('w')];
  if (others.length === 0) return `${t} > ${w}`;
  return `(coalesce(${t} > ${w}, FALSE) OR (${t} IS NOT DISTINCT FROM ${w} AND ${isGreater(others)}))`;
}
