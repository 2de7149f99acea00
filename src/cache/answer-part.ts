/** Gathers the rows of an answer until it is full. */
import type { JsonValue } from '../protocol/index.ts';
import type { Cell } from './cells.ts';
import type { QueryColumn, QueryLimits, QueryResult } from './types.ts';

export type AnswerPart = Omit<QueryResult, 'elapsedMs' | 'readsTables'>;

/**
 * Characters of the rows and the columns of an answer. They are in it twice, as a table and as JSON, and both must fit:
 * what is cut later would be missing between one offset and the next.
 */
const MAX_ROWS_SIZE = 44_000;

export interface PartBuilder {
  /** Takes a row; false where it does not fit any more, and the answer ends before it. */
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
      // The first row is given however long: an answer without rows leads nowhere.
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

/** No shorter than the row is as JSON or in a table, where a "|" is escaped and cells are set apart by three characters. */
function tableLength(row: readonly JsonValue[]): number {
  const json = JSON.stringify(row);
  return json.length + 2 * row.length + json.split('|').length;
}
