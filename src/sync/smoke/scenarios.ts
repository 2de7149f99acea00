/** The scenarios that a destination is tested with, each with the expected result. */
import type { JsonObject, SyncMode } from '../../protocol/index.ts';
import {
  BIG_NUMBERS,
  FIELD_NAMES,
  type Fields,
  NESTED,
  NULLS,
  STREAM_NAMES,
  schemaOf,
  TEXTS,
  TYPES,
} from './scenario-data.ts';

/** One stream of a scenario: what each sync sends of it, and what is there afterwards. Records are JSON texts. */
export interface SmokeStream {
  /** Follows the prefix that all streams of a run share. */
  readonly name: string;
  readonly primaryKey?: readonly string[];
  readonly cursor?: string;
  readonly syncs: readonly { readonly schema: JsonObject; readonly records: readonly string[] }[];
  readonly expected: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Accepted modes, best first. */
  readonly modes: readonly SyncMode[];
  readonly streams: readonly SmokeStream[];
  /** Records between two states. */
  readonly batch?: number;
}

const ANY: readonly SyncMode[] = ['full_refresh_overwrite', 'full_refresh_append'];

export const SCENARIOS: readonly Scenario[] = [
  once('types', 'strings, numbers, booleans, dates and times with and without a zone, objects, arrays, unions', TYPES),
  once('nulls', 'nulls, missing fields, empty strings, objects and arrays', NULLS),
  once('big_numbers', 'integers up to 64 bits, small, large and negative decimals', BIG_NUMBERS),
  once('text', 'long text, line breaks, quotes, control characters, emoji, right-to-left', TEXTS),
  once('nested', 'objects in objects, lists of objects', NESTED),
  once('field_names', 'spaces, quotes, unicode, reserved words, twins in case, very long', FIELD_NAMES),
  {
    name: 'stream_names',
    about: 'streams whose names have spaces, unicode, capitals, dots, or are long',
    modes: ANY,
    streams: STREAM_NAMES.map((name) => stream(name, { id: 'integer' }, [[1, 2].map((id) => record({ id }))])),
  },
  {
    name: 'schema_changes',
    about: 'fields added, removed and changed in type between two syncs',
    modes: ['full_refresh_append', 'incremental_append'],
    streams: [
      {
        name: 'changing',
        syncs: [
          {
            schema: schemaOf({ id: 'integer', stays: 'string', goes: 'string', turns: 'integer' }),
            records: [record({ id: 1, stays: 'a', goes: 'b', turns: 3 })],
          },
          {
            schema: schemaOf({ id: 'integer', stays: 'string', turns: 'string', comes: 'boolean' }),
            records: [record({ id: 2, stays: 'c', turns: 'four', comes: true })],
          },
        ],
        expected: [
          record({ id: 1, stays: 'a', goes: 'b', turns: 3 }),
          record({ id: 2, stays: 'c', turns: 'four', comes: true }),
        ],
      },
    ],
  },
  {
    name: 'batches',
    about: '1, 1,000 and 25,000 records, with a state after each 1,000',
    modes: ANY,
    batch: 1_000,
    streams: [1, 1_000, 25_000].map((count) =>
      stream(`batch_${count}`, { id: 'integer', label: 'string' }, [numbered(count)]),
    ),
  },
  {
    name: 'empty',
    about: 'a stream without a record',
    modes: ANY,
    streams: [stream('empty', { id: 'integer' }, [[]])],
  },
  {
    name: 'no_key',
    about: 'equal records of a stream without a primary key: all of them stay',
    modes: ['full_refresh_append', 'full_refresh_overwrite'],
    streams: [stream('no_key', { id: 'integer' }, [[1, 1, 2].map((id) => record({ id }))])],
  },
  {
    name: 'dedup',
    about: 'updates, a late record and a deletion by a key of two fields',
    modes: ['incremental_deduped_history'],
    streams: [
      {
        name: 'dedup',
        primaryKey: ['id', 'part'],
        cursor: 'at',
        syncs: [
          { schema: dedupSchema(), records: [dedup(1, 'a', 1), dedup(1, 'b', 1), dedup(2, 'a', 1), dedup(2, 'a', 2)] },
          {
            schema: dedupSchema(),
            records: [dedup(1, 'a', 3), dedup(1, 'b', 3, '2024-03-01T00:00:00Z'), dedup(3, 'a', 3), dedup(2, 'a', 1)],
          },
        ],
        expected: [dedup(1, 'a', 3), dedup(2, 'a', 2), dedup(3, 'a', 3)],
      },
    ],
  },
  {
    name: 'append_twice',
    about: 'two syncs that append: the records of both stay',
    modes: ['full_refresh_append', 'incremental_append'],
    streams: [twice('appended', [1, 2, 3, 4])],
  },
  {
    name: 'overwrite_twice',
    about: 'two syncs that overwrite: only the records of the second stay',
    modes: ['full_refresh_overwrite'],
    streams: [twice('overwritten', [3, 4])],
  },
];

function once(
  name: string,
  about: string,
  { fields, records }: { fields: Fields; records: readonly string[] },
): Scenario {
  return { name, about, modes: ANY, streams: [stream(name, fields, [records])] };
}

function stream(name: string, fields: Fields, syncs: readonly (readonly string[])[]): SmokeStream {
  const schema = schemaOf(fields);
  return { name, syncs: syncs.map((records) => ({ schema, records })), expected: syncs.flat() };
}

function twice(name: string, expected: readonly number[]): SmokeStream {
  const records = (ids: readonly number[]): string[] => ids.map((id) => record({ id }));
  const { syncs } = stream(name, { id: 'integer' }, [records([1, 2]), records([3, 4])]);
  return { name, syncs, expected: records(expected) };
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_value, at) => record({ id: at + 1, label: `record ${at + 1}` }));
}

function dedupSchema(): JsonObject {
  return schemaOf({ id: 'integer', part: 'string', at: 'integer', _ab_cdc_deleted_at: 'timestamp' });
}

function dedup(id: number, part: string, at: number, deleted: string | null = null): string {
  return record({ id, part, at, _ab_cdc_deleted_at: deleted });
}

function record(data: JsonObject): string {
  return JSON.stringify(data);
}
