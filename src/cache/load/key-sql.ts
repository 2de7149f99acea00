/** The primary key of a stream's rows, as SQL for both databases. */
import type { LoadConnection } from '../sql.ts';
import { quoteName, WINNERS } from './names.ts';
import type { Column } from './types.ts';

/** A value in a row, by the row's alias. */
export type ValueOf = (alias: string) => string;

/**
 * The first part of the path is a column; the rest is a path in its JSON.
 * @param unquoted whether a JSON value that is a text is returned without its quotes
 */
export function valueAt(
  { dialect }: LoadConnection,
  columns: readonly Column[],
  path: readonly string[],
  unquoted = false,
): ValueOf {
  const [first = '', ...rest] = path;
  const record = columns.find(({ field }) => field === undefined);
  const own = columns.find(({ field }) => field === first);
  const at = (alias: string, { column, type }: Column, inside: readonly string[]): string => {
    const name = `${alias}.${quoteName(column)}`;
    return inside.length === 0 && !(unquoted && type === 'JSON') ? name : dialect.jsonMember(name, inside);
  };
  return (alias) => {
    // Where a stream gained or lost its schema, some rows have only one of the two.
    if (record && own) return `coalesce(CAST(${at(alias, own, rest)} AS VARCHAR), ${at(alias, record, path)})`;
    if (record) return at(alias, record, path);
    // No record has had the field yet.
    return own ? at(alias, own, rest) : 'CAST(NULL AS VARCHAR)';
  };
}

/** Conditions that together match rows of equal keys: `=` can be hashed, and the slow comparison is only for keys with a NULL part. */
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
