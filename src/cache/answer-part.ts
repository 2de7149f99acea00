/** Collects the rows of an answer until it is full. */
import type { JsonValue } from '../protocol/index.ts';
import type { Cell } from './cells.ts';
import type { QueryColumn, QueryLimits, QueryResult } from './types.ts';

export type AnswerPart = Omit<QueryResult, 'elapsedMs' | 'readsTables'>;

/**
 * Characters of the rows and the columns of an answer. It contains them twice, as a table and as JSON, and both must fit:
 * rows that are cut later would be missing between one offset and the next.
 */
const MAX_ROWS_SIZE = 44_000;

export interface PartBuilder {
  /** Adds a row. @returns false if it no longer fits; the answer then ends before it */
  add(cells: readonly Cell[]): boolean;
  /** @param more whether there are rows after these */
  end(more: boolean): AnswerPart;
}

export function buildPart(columns: readonly QueryColumn[], { limit, offset }: QueryLimits): PartBuilder {
  const rows: JsonValue[][] = [];
  let cellsCut = 0;
  let left = MAX_ROWS_SIZE - JSON.stringify(columns).length;
  return {
    add(cells) {
      if (rows.length === limit) return false;
      const row = cells.map((cell) => cell.value);
      left -= tableLength(row);
      // The first row is always included, however long: without it the caller could not continue.
      if (left < 0 && rows.length > 0) return false;
      rows.push(row);
      cellsCut += cells.filter((cell) => cell.cut).length;
      return true;
    },
    end: (more) => ({
      columns,
      rows,
      truncated: more,
      ...(more && { nextOffset: offset + rows.length }),
      cellsCut,
    }),
  };
}

/** At least the row's length as JSON and in a table, where "|" is escaped and three characters separate cells. */
function tableLength(row: readonly JsonValue[]): number {
  const json = JSON.stringify(row);
  return json.length + 2 * row.length + json.split('|').length;
}
