/** The kinds of columns that connectors have: as JSON text, as JSON Schema, as SQL type. */
import type { Random } from './random.ts';

export type Kind = 'integer' | 'number' | 'string' | 'boolean' | 'date' | 'date-time' | 'json';

export interface Column {
  readonly name: string;
  readonly kind: Kind;
  readonly schema: object;
  /** JSON text of a value; undefined if the record has no such field, as connectors leave nulls out. */
  readonly value: (random: Random, row: number) => string | undefined;
}

/** The type that DuckDB reads a column as. */
export const SQL_TYPES: Record<Kind, string> = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  date: 'DATE',
  'date-time': 'TIMESTAMPTZ',
  json: 'JSON',
};

const FIRST =
  'ada björn chloé dmitri elif fatima grace henrik ines jun kofi lena mats nuria olga pavel quentin rosa'.split(' ');
const LAST =
  'abbott brandt castillo dubois eriksen fischer garcía haddad ivanov jansen kowalski lindqvist moreau'.split(' ');
const WORDS =
  'amber birch copper delta ember fjord granite harbour island juniper kestrel lantern meadow north orchard pebble quarry river'.split(
    ' ',
  );
const PAIRS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));
const DAYS = Array.from({ length: 18_000 }, (_, day) =>
  new Date((day + 2_000) * 86_400_000).toISOString().slice(0, 10),
);

const pick = (list: readonly string[], random: Random): string => list[random(list.length)] as string;
const words = (count: number, random: Random): string =>
  Array.from({ length: count }, () => pick(WORDS, random)).join(' ');
const nullable = (type: string, more: object = {}): object => ({ type: ['null', type], ...more });

/** 1, 2, 3 … */
export function rowNumber(name: string): Column {
  return { name, kind: 'integer', schema: { type: 'integer' }, value: (_, row) => String(row + 1) };
}

export function integer(name: string, below = 1_000_000): Column {
  return { name, kind: 'integer', schema: nullable('integer'), value: (random) => String(random(below)) };
}

/** At most two digits after the point: sums of them are compared exactly. */
export function number(name: string): Column {
  return { name, kind: 'number', schema: nullable('number'), value: (random) => String(random(10_000_000) / 100) };
}

export function boolean(name: string): Column {
  return { name, kind: 'boolean', schema: nullable('boolean'), value: (random) => (random(2) ? 'true' : 'false') };
}

export function date(name: string): Column {
  return {
    name,
    kind: 'date',
    schema: nullable('string', { format: 'date' }),
    value: (random) => `"${pick(DAYS, random)}"`,
  };
}

export function dateTime(name: string): Column {
  const schema = nullable('string', { format: 'date-time', airbyte_type: 'timestamp_with_timezone' });
  const value = (random: Random): string =>
    `"${pick(DAYS, random)}T${PAIRS[random(24)]}:${pick(PAIRS, random)}:${pick(PAIRS, random)}Z"`;
  return { name, kind: 'date-time', schema, value };
}

export function email(name: string): Column {
  const value = (random: Random): string => `"${pick(FIRST, random)}.${pick(LAST, random)}${random(1_000)}@post.org"`;
  return { name, kind: 'string', schema: nullable('string'), value };
}

export function text(name: string, count = 4): Column {
  return { name, kind: 'string', schema: nullable('string'), value: (random) => `"${words(count, random)}"` };
}

/** An object of the given columns. */
export function object(name: string, columns: readonly Column[]): Column {
  return {
    name,
    kind: 'json',
    schema: nullable('object', objectSchema(columns)),
    value: (...at) => objectText(columns, ...at),
  };
}

/** An array of up to `below - 1` values of the given column. */
export function array(name: string, item: Column, below = 5): Column {
  const value = (random: Random, row: number): string =>
    `[${Array.from({ length: random(below) }, () => item.value(random, row) ?? 'null').join(',')}]`;
  return { name, kind: 'json', schema: nullable('array', { items: item.schema }), value };
}

/** The same column, absent in one record of ten. */
export function sometimes(column: Column): Column {
  return { ...column, value: (random, row) => (random(10) ? column.value(random, row) : undefined) };
}

export function objectSchema(columns: readonly Column[]): object {
  return { properties: Object.fromEntries(columns.map(({ name, schema }) => [name, schema])) };
}

/** A JSON object without spaces. */
export function objectText(columns: readonly Column[], random: Random, row: number): string {
  let all = '';
  for (const { name, value } of columns) {
    const written = value(random, row);
    if (written !== undefined) all += `${all ? ',' : ''}"${name}":${written}`;
  }
  return `{${all}}`;
}
