/** A stream's JSON Schema, a part of its fields at a time. */
import { type JsonObject, type JsonValue, propertiesOf } from '../../protocol/index.ts';
import { count } from '../text.ts';

export interface SchemaPage {
  readonly schema: JsonObject;
  /** Which fields these are, if not all. */
  readonly note?: string;
  /** How many fields to skip for the next part; undefined at the end. */
  readonly next?: number;
}

/** Definitions and alternatives longer than this are left out of a part of the schema. */
const MAX_OTHER_KEYWORDS = 8_000;

/**
 * The complete schema if it is short enough and no field is filtered out; else the fields from `offset` on.
 * @param search a part of the fields' names, in lower case
 * @param most characters of JSON
 */
export function schemaPage(schema: JsonObject, search: string, offset: number, most: number): SchemaPage {
  if (search === '' && offset === 0 && JSON.stringify(schema).length <= most) return { schema };
  const all = [...propertiesOf(schema)];
  const found = all.filter(([name]) => name.toLowerCase().includes(search));
  const others = otherKeywords(schema);
  const page: Record<string, JsonValue> = {};
  let left = most - JSON.stringify(others).length;
  let next = offset;
  for (const [name, property] of found.slice(offset)) {
    left -= JSON.stringify(name).length + JSON.stringify(property).length + 2;
    // Always at least one field, so that paging gets past a long one.
    if (left < 0 && next > offset) break;
    page[name] = property;
    next += 1;
  }
  const shown = next - offset;
  const matching = search === '' ? '' : ` whose name has "${search}"`;
  const rest = next < found.length ? `; continue with offset ${next}` : '';
  return {
    schema: { ...others, properties: page },
    note: `${count(shown, 'field')} from offset ${offset}, of ${count(found.length, 'field')}${matching}${rest}.`,
    ...(next < found.length ? { next } : {}),
  };
}

const OF_FIELDS = new Set(['properties', 'allOf', 'anyOf', 'oneOf', '$ref']);

function otherKeywords(schema: JsonObject): JsonObject {
  const others = Object.fromEntries(Object.entries(schema).filter(([key]) => !OF_FIELDS.has(key)));
  return JSON.stringify(others).length <= MAX_OTHER_KEYWORDS ? others : { type: 'object' };
}
