/** Names of tables and columns, and their quoting in SQL. */
import type { Dialect } from '../sql.ts';
import type { Column } from './types.ts';

export const EXTRACTED_AT = '_airbyte_extracted_at';
export const META = '_airbyte_meta';
const OWN_COLUMNS = [EXTRACTED_AT, META, '_airbyte_raw_id'];
/** The prefix of tables of running syncs, which queries cannot read. */
const INTERNAL = '_sluice_';
/** Bytes that a running sync adds to a table's name at most. */
export const INTERNAL_BYTES = '_sluice_pending__'.length;

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  // A statement ends at U+0000.
  return quoted.includes('\u0000') ? `(${quoted.replaceAll('\u0000', "' || chr(0) || '")})` : quoted;
}

export function tablePath(dataset: string, table: string): string {
  return `${quoteName(dataset)}.${quoteName(table)}`;
}

export function replacementTable(table: string): string {
  return `${INTERNAL}new__${table}`;
}

export function pendingTable(table: string): string {
  return `${INTERNAL}pending__${table}`;
}

/** The private tables of a merge, which exist in one transaction. */
export const INCOMING = '_sluice_incoming';
export const WINNERS = '_sluice_winners';

/** All columns of a stream's table, quoted. */
export function dataColumns(columns: readonly Column[]): string[] {
  return [...columns.map(({ column }) => quoteName(column)), EXTRACTED_AT, META];
}

/**
 * A name that is unique regardless of case; `taken` holds the other names and receives the new one.
 * @param bytes the longest name that the database accepts, in UTF-8
 */
export function uniqueName(name: string, taken: Set<string>, bytes: number): string {
  for (let number = 1; ; number += 1) {
    const end = number === 1 ? '' : `_${number}`;
    const candidate = `${cutName(name, bytes - end.length)}${end}`;
    const folded = foldName(candidate);
    if (taken.has(folded)) continue;
    taken.add(folded);
    return candidate;
  }
}

function cutName(name: string, bytes: number): string {
  const encoded = Buffer.from(name, 'utf8');
  // Drops half a character at the cut.
  return encoded.length <= bytes ? name : encoded.toString('utf8', 0, bytes).replace(/\ufffd+$/, '');
}

/** DuckDB treats names that are equal when folded as one name. */
export function foldName(name: string): string {
  return name.toLowerCase();
}

/** The folded names that columns must not have: Sluice's own, and the database's system columns. */
export function reservedColumns({ systemColumns }: Pick<Dialect, 'systemColumns'>): Set<string> {
  return new Set([...OWN_COLUMNS, ...systemColumns].map(foldName));
}

/** The column name of a field: its own name without characters that SQL cannot hold. */
export function columnName(field: string): string {
  return field.replaceAll('\u0000', '') || '_';
}

/** @param qualified whether the catalog has several namespaces */
export function tableName(stream: { name: string; namespace?: string }, qualified: boolean): string {
  const name = qualified && stream.namespace ? `${stream.namespace}__${stream.name}` : stream.name;
  const clean = columnName(name);
  return foldName(clean).startsWith(INTERNAL) ? `t${clean}` : clean;
}
