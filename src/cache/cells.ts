/** Cells of an answer: sealed first, cut then, whatever database they are from. */
import type { JsonValue } from '../protocol/index.ts';
import { type Redactor, redactBeginning } from '../secrets/index.ts';

/** The longest text of a cell, in UTF-16 units; a nested value may be as long in all. */
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

/** Takes a value that is no text off the cap. */
export function spend(value: JsonValue, budget: Budget): JsonValue {
  budget.left -= typeof value === 'object' && value !== null ? JSON.stringify(value).length : 6;
  if (budget.left > -CELL_CAP) return value;
  budget.cut = true;
  return `${redactBeginning(JSON.stringify(value), { ...DATA, redactor: budget.redactor, shown: CELL_CAP }).text}${CUT_MARK}`;
}

/**
 * A text sealed, then cut at the cap.
 * @param whole false when `text` is only the beginning of the cell's
 */
export function clip(text: string, whole: boolean, budget: Budget): string {
  const room = Math.max(0, budget.left);
  // To search what is not shown would only take time.
  if (room === 0 && text !== '') {
    budget.cut = true;
    return CUT_MARK;
  }
  const shown = redactBeginning(text, { ...DATA, redactor: budget.redactor, shown: room, whole });
  budget.left -= shown.text.length + 2;
  if (!shown.cut) return shown.text;
  budget.cut = true;
  return `${shown.text}${CUT_MARK}`;
}
