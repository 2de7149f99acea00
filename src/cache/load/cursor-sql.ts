/** By what the records of one key are compared, as SQL that both databases read. */
import type { LoadConnection } from '../sql.ts';
import type { ValueOf } from './key-sql.ts';
import { valueAt } from './key-sql.ts';
import type { Column } from './types.ts';

/**
 * What a row's cursor is. Only cursors of one kind are compared, by `parts`, one after the other; among cursors of several
 * kinds, and of a kind that has no order, the record that came last is the newest.
 */
export interface Cursor {
  /** 0 no cursor, 1 no order, 2 a value of the column's own type or a number, 3 an instant. */
  readonly kind: ValueOf;
  readonly parts: readonly ValueOf[];
  /** Whether rows of several kinds are possible. */
  readonly isMixed: boolean;
}

const NUMBER = '^-?[0-9]{1,37}([.][0-9]+)?$';
const YEAR = '([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])';
const LEAP_YEAR = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][48]|[2468]0|[13579][26])00)';
/** Only days that there are: Postgres cannot try a cast. */
const DAY = `(${YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|${LEAP_YEAR}-02-29)`;
const TIME = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?';
const INSTANT = `^${DAY}([Tt ]${TIME} ?([Zz]|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?)?$`;

/**
 * @param path the cursor's field, or the way to it
 * @param deletedAt where change data capture says that a row was deleted: such a record may carry its key and nothing else
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
  const parts = isTyped ? [value] : textParts(text);
  return { kind, parts, isMixed: !isTyped || deleted !== undefined };
}

function textParts(text: ValueOf): ValueOf[] {
  const ofKind = (pattern: string, part: (text: string) => string): ValueOf => {
    return (alias) => `CASE WHEN ${text(alias)} ~ '${pattern}' THEN ${part(text(alias))} END`;
  };
  const whole = ofKind(NUMBER, (number) => `CAST(split_part(${number}, '.', 1) AS DECIMAL(38,0))`);
  const double = ofKind(NUMBER, (number) => `CAST(${number} AS DOUBLE PRECISION)`);
  const second = ofKind(INSTANT, (instant) => `CAST(${toTheSecond(instant)} AS TIMESTAMPTZ)`);
  const digits = (alias: string): string => {
    const [number, instant] = [text(alias), text(alias)];
    const behind = `regexp_replace(${instant}, '^[^.,]*[.,]?([0-9]*).*$', '\\1')`;
    return `CASE WHEN ${number} ~ '${NUMBER}' THEN rtrim(split_part(${number}, '.', 2), '0') WHEN ${instant} ~ '${INSTANT}' THEN rtrim(${behind}, '0') END`;
  };
  // The fraction apart, for no type of the databases has all its digits.
  return [whole, double, second, digits];
}

/** An instant without its fraction, in the form that both databases read. */
function toTheSecond(text: string): string {
  const close = `regexp_replace(regexp_replace(upper(${text}), '[.,][0-9]+', ''), '^(.{11,}) ([-+Z].*)$', '\\1\\2')`;
  const timed = `CASE WHEN length(${text}) = 10 THEN ${text} || ' 00:00:00' ELSE regexp_replace(${close}, '^(.{13}:[0-9]{2})([-+Z].*)?$', '\\1:00\\2') END`;
  return `${timed} || CASE WHEN ${close} ~ '^.{11,}(Z|[-+][0-9:]+)$' THEN '' ELSE 'Z' END`;
}

/** Whether the cursor of `t` is greater than that of `w`, a row that came after it. */
export function isNewer({ kind, parts, isMixed }: Cursor): string {
  const some = `(${kind('t')} > 0 AND ${kind('w')} = 0)`;
  const comparable = isMixed ? `${kind('t')} = ${kind('w')} AND ${kind('w')} > 1` : `${kind('w')} = 2`;
  return `(${some} OR (${comparable} AND ${isGreater(parts)}))`;
}

function isGreater([first, ...others]: readonly ValueOf[]): string {
  if (!first) return 'FALSE';
  const [t, w] = [first('t'), first('w')];
  if (others.length === 0) return `${t} > ${w}`;
  return `(coalesce(${t} > ${w}, FALSE) OR (${t} IS NOT DISTINCT FROM ${w} AND ${isGreater(others)}))`;
}
