/**
 * Columns with the same cast, grouped into one list with one expression. The time to plan an expression for each of hundreds of
 * columns grows with the square of their number.
 */
import type { Column } from '../load/types.ts';
import { castTo } from './value-sql.ts';

export interface ColumnGroup {
  /** Any of its columns: they differ only in their names. */
  readonly column: Column;
  /** The indexes of its columns among all. */
  readonly indexes: readonly number[];
}

/** Up to this many columns of a kind are faster one by one. */
const MAX_SEPARATE = 50;

/** The groups of all columns that may hold something other than what was sent. */
export function groupsOf(columns: readonly Column[]): ColumnGroup[] {
  const groups = new Map<string, ColumnGroup & { readonly indexes: number[] }>();
  for (const [index, column] of columns.entries()) {
    const { type, exact, widenedFrom, undeclared } = column;
    if (type === 'JSON' || (type === 'VARCHAR' && !widenedFrom)) continue;
    const kind = JSON.stringify([type, exact, widenedFrom, undeclared]);
    const group = groups.get(kind);
    if (group) group.indexes.push(index);
    else groups.set(kind, { column, indexes: [index] });
  }
  return [...groups.values()];
}

/** The groups that are large enough for a list. */
export function largeGroups(columns: readonly Column[]): ColumnGroup[] {
  return groupsOf(columns).filter(({ indexes }) => indexes.length > MAX_SEPARATE);
}

/** A list of `{v, r}`, value and text, of a group's columns from their texts r…. */
export function pairList({ column, indexes }: ColumnGroup, careful: boolean): string {
  const texts = indexes.map((index) => `r${index}`).join(', ');
  return `list_transform([${texts}], lambda raw: struct_pack(v := ${castTo(column, 'raw', careful)}, r := raw))`;
}
