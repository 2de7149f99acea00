/** Reads one cell of a chunk, and never more of it than is shown: a cell can be gigabytes. */
import type { DuckDBBlobVector, DuckDBListVector, DuckDBVarCharVector, DuckDBVector } from '@duckdb/node-api';
import type { JsonValue } from '../../protocol/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { type Budget, CELL_CAP, type Cell, CUT_MARK, clip, spend } from '../cells.ts';
import { mapJson, type ToJson, valueConverter } from './query-values.ts';

type Duck = typeof import('@duckdb/node-api');

// 2,000 units are at most 6,000 bytes of UTF-8; after them, the length of the longest form of a secret is read.
const CELL_BYTES = 3 * CELL_CAP + 64 * 1024;
const ENTRY_BYTES = 16;

/** Creates the reader of cells, which redacts before it cuts; `duck` is the loaded DuckDB package, `cap` at most CELL_CAP. */
export function cellReader(
  duck: Duck,
  redactor: Redactor,
  cap = CELL_CAP,
): (vector: DuckDBVector, row: number) => Cell {
  const convert: ToJson = valueConverter(duck);

  const read = (vector: DuckDBVector, row: number, budget: Budget): JsonValue => {
    if (vector instanceof duck.DuckDBVarCharVector) return readText(vector, row, budget);
    if (vector instanceof duck.DuckDBBlobVector) return readBlob(vector, row, budget);
    if (vector instanceof duck.DuckDBListVector) return readList(vector, row, budget);
    if (vector instanceof duck.DuckDBMapVector) {
      const list: unknown = Reflect.get(vector, 'listVector');
      if (!(list instanceof duck.DuckDBListVector)) throw new TypeError('A MAP vector holds no list.');
      return readMap(list, row, budget, vector.type.keyType.typeId === duck.DuckDBTypeId.VARCHAR);
    }
    if (vector instanceof duck.DuckDBStructVector) {
      if (!vector.isItemValid(row)) return spend(null, budget);
      const names = vector.type.entryNames;
      return Object.fromEntries(
        names.map((name, at) => {
          budget.left -= name.length + 4;
          return [name, read(vector.entryVectorAt(at), row, budget)];
        }),
      );
    }
    const value = convert(vector.getItem(row), vector.type);
    return typeof value === 'string' ? clip(value, true, budget) : spend(value, budget);
  };

  const readList = (vector: DuckDBListVector, row: number, budget: Budget): JsonValue => {
    const items = vector.getItemVector(row);
    if (!items) return spend(null, budget);
    const values: JsonValue[] = [];
    for (let at = 0; at < items.itemCount; at += 1) {
      if (budget.left <= 0) {
        budget.cut = true;
        values.push(CUT_MARK);
        break;
      }
      budget.left -= 2;
      values.push(read(items, at, budget));
    }
    return values;
  };

  const readMap = (vector: DuckDBListVector, row: number, budget: Budget, textKeys: boolean): JsonValue => {
    const entries = vector.getItemVector(row);
    if (!entries) return spend(null, budget);
    if (!(entries instanceof duck.DuckDBStructVector)) throw new TypeError('The entries of a MAP are not structs.');
    const pairs: [JsonValue, JsonValue][] = [];
    for (let at = 0; at < entries.itemCount; at += 1) {
      if (budget.left <= 0) {
        budget.cut = true;
        pairs.push([CUT_MARK, null]);
        break;
      }
      budget.left -= 4;
      pairs.push([read(entries.entryVectorAt(0), at, budget), read(entries.entryVectorAt(1), at, budget)]);
    }
    return mapJson(pairs, textKeys);
  };

  return (vector, row) => {
    const budget: Budget = { redactor, left: cap, cut: false };
    const value = read(vector, row, budget);
    return { value, cut: budget.cut };
  };
}

function readText(vector: DuckDBVarCharVector, row: number, budget: Budget): JsonValue {
  const { entry, isComplete } = shorten(vector.slice(row, 1));
  const text = entry.getItem(0);
  // A character that was cut in two becomes U+FFFD.
  return text === null
    ? spend(null, budget)
    : clip(isComplete ? text : text.replace(/\ufffd$/, ''), isComplete, budget);
}

function readBlob(vector: DuckDBBlobVector, row: number, budget: Budget): JsonValue {
  const { entry, isComplete } = shorten(vector.slice(row, 1));
  const bytes = entry.getItemBytes(0);
  return bytes === null ? spend(null, budget) : clip(Buffer.from(bytes).toString('base64'), isComplete, budget);
}

/** A slice of one entry with its length, in a copy of its 16 bytes, reduced to what can be shown. */
function shorten<V extends DuckDBVarCharVector | DuckDBBlobVector>(entry: V): { entry: V; isComplete: boolean } {
  const data: unknown = Reflect.get(entry, 'dataView');
  if (!(data instanceof DataView)) throw new TypeError('A vector of strings holds no entries.');
  if (data.getUint32(0, true) <= CELL_BYTES) return { entry, isComplete: true };
  const copy = new DataView(data.buffer.slice(data.byteOffset, data.byteOffset + ENTRY_BYTES));
  copy.setUint32(0, CELL_BYTES, true);
  Reflect.set(entry, 'dataView', copy);
  return { entry, isComplete: false };
}
