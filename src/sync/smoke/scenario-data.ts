/** The fields and records of the scenarios. */
import type { JsonObject } from '../../protocol/index.ts';

/** The protocol's types that the scenarios use. */
export type FieldType = keyof typeof SCHEMAS;
export type Fields = Readonly<Record<string, FieldType>>;

const SCHEMAS = {
  string: { type: ['null', 'string'] },
  integer: { type: ['null', 'integer'] },
  number: { type: ['null', 'number'] },
  boolean: { type: ['null', 'boolean'] },
  date: { type: ['null', 'string'], format: 'date' },
  time: { type: ['null', 'string'], format: 'time', airbyte_type: 'time_without_timezone' },
  timestamp: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
  local_timestamp: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
  object: { type: ['null', 'object'], properties: {}, additionalProperties: true },
  array: { type: ['null', 'array'], items: {} },
  union: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
} as const;

export function schemaOf(fields: Fields): JsonObject {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, copy(SCHEMAS[type])]));
  return { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties };
}

function copy(schema: object): JsonObject {
  return JSON.parse(JSON.stringify(schema)) as JsonObject;
}

interface Data {
  readonly fields: Fields;
  readonly records: readonly string[];
}

function data(fields: Fields, ...records: JsonObject[]): Data {
  return { fields, records: records.map((record, at) => JSON.stringify({ id: at + 1, ...record })) };
}

export const TYPES: Data = data(
  {
    id: 'integer',
    text: 'string',
    whole: 'integer',
    decimal: 'number',
    yes: 'boolean',
    day: 'date',
    time: 'time',
    moment: 'timestamp',
    local: 'local_timestamp',
    object: 'object',
    list: 'array',
    either: 'union',
  },
  {
    text: 'plain',
    whole: 42,
    decimal: 3.25,
    yes: true,
    day: '2024-02-29',
    time: '12:34:56',
    moment: '2024-02-29T12:00:00Z',
    local: '2024-02-29T12:00:00',
    object: { a: 1 },
    list: [1, 2, 3],
    either: 'text',
  },
  {
    text: '42',
    whole: -1,
    decimal: -0.5,
    yes: false,
    day: '1969-12-31',
    time: '00:00:00',
    moment: '2024-02-29T17:30:00+05:30',
    local: '1999-12-31T23:59:59',
    object: { b: { c: true } },
    list: [{ d: null }],
    either: 7,
  },
);

export const NULLS: Data = data(
  {
    id: 'integer',
    text: 'string',
    whole: 'integer',
    decimal: 'number',
    yes: 'boolean',
    day: 'date',
    object: 'object',
    list: 'array',
  },
  { text: null, whole: null, decimal: null, yes: null, day: null, object: null, list: null },
  {},
  { text: '', whole: 0, decimal: 0, yes: false, day: null, object: {}, list: [] },
  { text: ' ', object: { empty: null }, list: [null] },
);

export const BIG_NUMBERS: Data = {
  fields: { id: 'integer', whole: 'integer', decimal: 'number' },
  records: [
    // Texts, because JavaScript cannot represent these numbers exactly.
    '{"id":1,"whole":9007199254740993,"decimal":0.1}',
    '{"id":2,"whole":9223372036854775807,"decimal":1e-9}',
    '{"id":3,"whole":-9223372036854775808,"decimal":-12345678.9875}',
    '{"id":4,"whole":0,"decimal":1e15}',
  ],
};

export const TEXTS: Data = data(
  { id: 'integer', text: 'string' },
  { text: 'x'.repeat(100_000) },
  { text: 'a line\nanother\r\na tab\tand a backslash \\ and "quotes" and \'more\'' },
  { text: 'control \u0001\u0008\u001b\u007f end' },
  { text: '𝄞 😀 👩‍👩‍👧 e\u0301 ß 漢字' },
  { text: 'עברית \u202e العربية \u200f' },
  { text: '{"looks":"like JSON"}' },
  { text: "'; DROP TABLE smoke; --" },
  { text: 'NULL' },
  { text: '2024-02-29' },
);

export const NESTED: Data = data(
  { id: 'integer', tree: 'object', list: 'array' },
  { tree: { a: { b: { c: { d: [1, { e: 'deep' }] } } } }, list: [{ n: 1 }, { n: 2, more: [] }] },
  { tree: { 'a key with "quotes"': 'and spaces', é: null }, list: [[1, [2, [3]]]] },
);

const LONG_FIELD = `a_very_long_name_${'of_a_field_'.repeat(4)}end`;

export const FIELD_NAMES: Data = data(
  {
    id: 'integer',
    'with space': 'string',
    'with "quotes"': 'string',
    naïve: 'string',
    漢字: 'string',
    select: 'string',
    order: 'string',
    Case: 'string',
    case: 'string',
    '1st': 'string',
    'a.b': 'string',
    'a-b': 'string',
    $dollar: 'string',
    [LONG_FIELD]: 'string',
  },
  {
    'with space': 'a',
    'with "quotes"': 'b',
    naïve: 'c',
    漢字: 'd',
    select: 'e',
    order: 'f',
    Case: 'g',
    case: 'h',
    '1st': 'i',
    'a.b': 'j',
    'a-b': 'k',
    $dollar: 'l',
    [LONG_FIELD]: 'm',
  },
);

export const STREAM_NAMES: readonly string[] = [
  'plain',
  'With Capitals',
  'naïve 漢字',
  'dots.and-dashes',
  'select',
  `long_${'name_'.repeat(10)}end`,
];
