/** The values by which the rows of a stream are told apart, as SQL that both databases read. */
import type { LoadConnection } from '../sql.ts';
import { quoteName, WINNERS } from './names.ts';
import type { Column } from './types.ts';

/** A value in a row, by the row's alias. */
export type ValueOf = (alias: string) => string;

/**
 * The first part of the path is a column, the rest leads into its JSON.
 * @param unquoted a text that is a whole JSON value comes as itself
 */
export function valueAt(
  { dialect }: LoadConnection,
  columns: readonly Column[],
  path: readonly string[],
  unquoted = false,
): ValueOf {
  const [first = '', ...rest] = path;
  const whole = columns.find(({ field }) => field === undefined);
  const own = columns.find(({ field }) => field === first);
  const at = (alias: string, { column, type }: Column, inside: readonly string[]): string => {
    const name = `${alias}.${quoteName(column)}`;
    return inside.length === 0 && !(unquoted && type === 'JSON') ? name : dialect.jsonMember(name, inside);
  };
  return (alias) => {
    // Of a stream that had no schema once, or has none any more, some rows have only one of the two.
    if (whole && own) return `coalesce(CAST(${at(alias, own, rest)} AS VARCHAR), ${at(alias, whole, path)})`;
    if (whole) return at(alias, whole, path);
    // A field that no record has had yet.
    return own ? at(alias, own, rest) : 'CAST(NULL AS VARCHAR)';
  };
}

/** Conditions that together match rows of equal keys: `=` can be hashed; the slow comparison only where a part is NULL. */
export async function sameKey(
  connection: LoadConnection,
  keys: readonly ValueOf[],
  [one, other]: readonly [string, string],
): Promise<string[]> {
  const all = keys.map((key) => `${key(one)} = ${key(other)}`).join(' AND ');
  if (keys.length === 1) return [all];
  const anyNull = (alias: string): string => keys.map((key) => `${key(alias)} IS NULL`).join(' OR ');
  const [row] = await connection.rows(`SELECT count(*) AS n FROM ${WINNERS} AS w WHERE ${anyNull('w')}`);
  if (Number(row?.n ?? 0) === 0) return [all];
  const distinct = keys.map((key) => `${key(one)} IS NOT DISTINCT FROM ${key(other)}`).join(' AND ');
  return [all, `(${anyNull(other)}) AND ${distinct}`];
}
