/** Cells of an answer of either database: redacted first, then cut. */
import type { JsonValue } from '../protocol/index.ts';
import { type Redactor, redactBeginning } from '../secrets/index.ts';

/** The longest text of a cell, in UTF-16 units; also the limit of a nested value. */
export const CELL_CAP = 2_000;
export const CUT_MARK = '…';
const DATA = { level: 'data' } as const;

export interface Cell {
  readonly value: JsonValue;
  readonly cut: boolean;
}

/** What is left of a cell's cap while a nested value is read. */
export interface Budget {
  readonly redactor: Redactor;
  left: number;
  cut: boolean;
}

/** Counts a value that is not a text towards the limit. */
export function spend(value: JsonValue, budget: Budget): JsonValue {
  budget.left -= typeof value === 'object' && value !== null ? JSON.stringify(value).length : 6;
  if (budget.left > -CELL_CAP) return value;
  budget.cut = true;
  return `${redactBeginning(JSON.stringify(value), { ...DATA, redactor: budget.redactor, shown: CELL_CAP }).text}${CUT_MARK}`;
}

/**
 * Redacts a text, then cuts it at the limit.
 * @param isComplete false when `text` is only the beginning of the cell's text
 */
export function clip(text: string, isComplete: boolean, budget: Budget): string {
  const left = Math.max(0, budget.left);
  // Text that is not shown need not be searched for secrets.
  if (left === 0 && text !== '') {
    budget.cut = true;
    return CUT_MARK;
  }
  const shown = redactBeginning(text, { ...DATA, redactor: budget.redactor, shown: left, isComplete });
  budget.left -= shown.text.length + 2;
  if (!shown.cut) return shown.text;
  budget.cut = true;
  return `${shown.text}${CUT_MARK}`;
}
