/** `_airbyte_meta`: the changes that the source, a repair and the load made in a row. */
import { quoteText } from '../load/names.ts';
import type { Column } from '../load/types.ts';
import type { ColumnGroup } from './column-groups.ts';
import { misfit } from './value-sql.ts';

/** The value of `_airbyte_meta` where nothing was changed. */
export const CLEAN_META = `'{"changes":[]}'`;

const REASON = `'reason', 'DESTINATION_TYPECAST_ERROR'`;

/** The changes reported by the source and a repair, as a list of JSON. */
export const REPORTED_CHANGES = `list_concat(coalesce(try_cast(json_extract(meta, '$.changes') AS JSON[]), []), coalesce(try_cast(repairs AS JSON[]), []))`;

/** Whether a row can have such changes. */
export const HAS_REPORTED_CHANGES = 'meta IS NOT NULL OR repairs IS NOT NULL';

/** For a list of `{v, r}`: the change of each value, NULL if it is as sent. */
export function changeKinds({ column }: ColumnGroup, pairs: string): string {
  const { nulled, cut } = misfit(column, 'pair.v', 'pair.r');
  const truncated = cut ? ` WHEN ${cut} THEN 'TRUNCATED'` : '';
  return `list_transform(${pairs}, lambda pair: CASE WHEN ${nulled} THEN 'NULLED'${truncated} END)`;
}

/**
 * From v0, r0, … of these columns, and the reports of the source and a repair in `meta` and `repairs`; for the columns of a
 * group from its list of kinds k0, k1, ….
 */
export function metaOf(columns: readonly Column[], groups: readonly ColumnGroup[]): string {
  const grouped = new Set(groups.flatMap(({ indexes }) => indexes));
  const checks: string[] = [];
  const entries: string[] = [];
  for (const [index, column] of columns.entries()) {
    if (grouped.has(index) || column.type === 'VARCHAR' || column.type === 'JSON') continue;
    const { nulled, cut } = misfit(column, `v${index}`, `r${index}`);
    checks.push(nulled, ...(cut ? [cut] : []));
    const change = (kind: string): string =>
      `json_object('field', ${quoteText(column.field ?? '')}, 'change', '${kind}', ${REASON})`;
    const truncated = cut ? ` WHEN ${cut} THEN ${change('TRUNCATED')}` : '';
    entries.push(`CASE WHEN ${nulled} THEN ${change('NULLED')}${truncated} END`);
  }
  const lists = groups.map(({ indexes }, group) => {
    checks.push(`list_any_value(k${group}) IS NOT NULL`);
    const fields = indexes.map((index) => quoteText(columns[index]?.field ?? '')).join(', ');
    const change = `json_object('field', [${fields}][slot], 'change', kind, ${REASON})`;
    return `list_transform(k${group}, lambda kind, slot: CASE WHEN kind IS NOT NULL THEN ${change} END)`;
  });
  if (entries.length > 0) lists.unshift(`[${entries.join(', ')}]`);
  const own = lists.map((list) => `list_filter(${list}, lambda change: change IS NOT NULL)`);
  const changes = own.reduce((all, list) => `list_concat(${all}, ${list})`, REPORTED_CHANGES);
  const condition = [...checks, HAS_REPORTED_CHANGES].join(' OR ');
  return `CASE WHEN ${condition} THEN json_object('changes', ${changes}) ELSE ${CLEAN_META} END`;
}
