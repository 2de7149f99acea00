/** Turns the text that Postgres writes for a cell into the JSON forms of DuckDB's answers. */
import type { JsonValue } from '../../protocol/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { type Budget, CELL_CAP, type Cell, CUT_MARK, clip, spend } from '../cells.ts';

/** How the text of a type is parsed. */
export type CellKind = 'integer' | 'double' | 'boolean' | 'timestamptz' | 'timestamp' | 'bytes' | 'text';

const KINDS: Readonly<Record<string, CellKind>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  float4: 'double',
  float8: 'double',
  bool: 'boolean',
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  bytea: 'bytes',
};

/** @param name of the type in the catalog, such as `int8` */
export function cellKind(name: string): CellKind {
  return KINDS[name] ?? 'text';
}

export interface CellType {
  readonly kind: CellKind;
  /** Whether the cells are arrays of this type. */
  readonly array: boolean;
}

/** Redacts a cell, then cuts it; `text` is null for NULL. */
export function readCell(text: string | null, type: CellType, redactor: Redactor, cap = CELL_CAP): Cell {
  const budget: Budget = { redactor, left: cap, cut: false };
  const value = type.array && text !== null ? readArray(text, type.kind, budget) : readValue(text, type.kind, budget);
  return { value, cut: budget.cut };
}

function readValue(text: string | null, kind: CellKind, budget: Budget): JsonValue {
  if (text === null) return spend(null, budget);
  const value = converted(text, kind);
  return typeof value === 'string' ? clip(value, true, budget) : spend(value, budget);
}

function converted(text: string, kind: CellKind): JsonValue {
  switch (kind) {
    case 'integer':
      return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case 'double':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 't';
    case 'timestamptz':
      return text.replace(/^(\S+) (\S+?)\+00( BC)?$/, '$1T$2Z$3');
    case 'timestamp':
      return text.replace(/^(\d\S*) (\d)/, '$1T$2');
    case 'bytes':
      return text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex').toString('base64') : text;
    default:
      return text;
  }
}

/** `{1,NULL,"a \"b\"",{2}}`, and `[2:3]={1,2}` where the first index is not 1. */
function readArray(text: string, kind: CellKind, budget: Budget): JsonValue {
  let at = text.indexOf('{') + 1;
  const list = (): JsonValue[] => {
    const values: JsonValue[] = [];
    for (;;) {
      const mark = text[at];
      if (mark === undefined) return values;
      if (mark === '}') {
        at += 1;
        return values;
      }
      if (mark === ',') {
        at += 1;
        continue;
      }
      if (budget.left <= 0) {
        budget.cut = true;
        values.push(CUT_MARK);
        at = text.length;
        return values;
      }
      budget.left -= 2;
      if (mark === '{') {
        at += 1;
        values.push(list());
      } else values.push(readValue(element(), kind, budget));
    }
  };
  const element = (): string | null => {
    const quoted = /"((?:[^"\\]|\\[\s\S])*)"/y;
    quoted.lastIndex = at;
    const found = quoted.exec(text);
    if (found) {
      at = quoted.lastIndex;
      return (found[1] ?? '').replace(/\\([\s\S])/g, '$1');
    }
    const plain = /[^,}]*/y;
    plain.lastIndex = at;
    const bare = plain.exec(text)?.[0] ?? '';
    at = plain.lastIndex;
    return bare === 'NULL' ? null : bare;
  };
  return list();
}
