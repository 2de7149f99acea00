/** Gathers the rows of an answer until it is full. */
import type { JsonValue } from '../protocol/index.ts';
import type { Cell } from './cells.ts';
import type { QueryColumn, QueryLimits, QueryResult } from './types.ts';

export type AnswerPart = Omit<QueryResult, 'elapsedMs' | 'readsTables'>;

/** The rows of an answer are cut at so many characters of JSON. */
const ANSWER_CAP = 100_000;

export interface PartBuilder {
  /** Takes a row; false where it does not fit any more, and the answer ends before it. */
  add(cells: readonly Cell[]): boolean;
  /** @param more whether there are rows after these */
  end(more: boolean): AnswerPart;
}

export function buildPart(columns: readonly QueryColumn[], { limit, offset }: QueryLimits): PartBuilder {
  const rows: JsonValue[][] = [];
  let cellsCut = 0;
  let room = ANSWER_CAP;
  return {
    add(cells) {
      if (rows.length === limit) return false;
      const row = cells.map((cell) => cell.value);
      room -= JSON.stringify(row).length + 1;
      // The first row is given however long: an answer without rows leads nowhere.
      if (room < 0 && rows.length > 0) return false;
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
