/** Airbyte catalogs: the streams of a source, and the streams that a sync reads. */

import { isObject, type JsonObject } from './json.ts';
import { streamDescriptor } from './messages.ts';

/** The modes of Airbyte's API. */
export const SYNC_MODES = [
  'full_refresh_overwrite',
  'full_refresh_append',
  'incremental_append',
  'incremental_deduped_history',
] as const;
export type SyncMode = (typeof SYNC_MODES)[number];

/** One stream of a catalog, with defaults for all optional fields. */
export interface Stream {
  readonly name: string;
  readonly namespace?: string;
  readonly jsonSchema: JsonObject;
  readonly incremental: boolean;
  readonly sourceDefinedCursor: boolean;
  /** Whether a full refresh can continue after an interruption; absent if the source does not specify it. */
  readonly resumable?: boolean;
  readonly defaultCursorField: readonly string[];
  /** Paths of the key's fields: `[["id"]]`, or several for a composite key. */
  readonly primaryKey: readonly (readonly string[])[];
}

export interface Catalog {
  readonly streams: readonly Stream[];
}

/** One stream with the options of a sync. */
export interface ConfiguredStream {
  readonly stream: Stream;
  readonly mode: SyncMode;
  readonly cursorField: readonly string[];
  readonly primaryKey: readonly (readonly string[])[];
}

/** Reads the `catalog` object of a CATALOG message; streams without a name are dropped. */
export function parseCatalog(catalog: JsonObject): Catalog {
  const streams = Array.isArray(catalog.streams) ? catalog.streams : [];
  return { streams: streams.flatMap((stream) => (isObject(stream) ? parseStream(stream) : [])) };
}

function parseStream(stream: JsonObject): Stream[] {
  const descriptor = streamDescriptor(stream);
  if (!descriptor) return [];
  const modes = strings(stream.supported_sync_modes);
  const key = Array.isArray(stream.source_defined_primary_key) ? stream.source_defined_primary_key : [];
  return [
    {
      ...descriptor,
      jsonSchema: isObject(stream.json_schema) ? stream.json_schema : {},
      incremental: modes.includes('incremental'),
      sourceDefinedCursor: stream.source_defined_cursor === true,
      ...(typeof stream.is_resumable === 'boolean' ? { resumable: stream.is_resumable } : {}),
      defaultCursorField: strings(stream.default_cursor_field),
      primaryKey: key.map(strings).filter((path) => path.length > 0),
    },
  ];
}

/** Identifies a stream. */
interface Named {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The name a user gives: the stream's name, or `namespace.name` where the name alone is ambiguous in the catalog. */
export function streamLabel(catalog: { readonly streams: readonly Named[] }, stream: Named): string {
  const twins = catalog.streams.filter((other) => other.name === stream.name).length;
  return twins > 1 && stream.namespace ? `${stream.namespace}.${stream.name}` : stream.name;
}

/** All streams that a name given by a user can refer to: none, one, or several where it is ambiguous. */
export function findStreams<T extends Named>(catalog: { readonly streams: readonly T[] }, label: string): T[] {
  const exact = catalog.streams.filter((stream) => streamLabel(catalog, stream) === label);
  if (exact.length > 0) return exact;
  return catalog.streams.filter((stream) => stream.name === label || `${stream.namespace}.${stream.name}` === label);
}

/** The ConfiguredAirbyteCatalog in the protocol's form, for the file that a connector reads. */
export function configuredCatalogJson(streams: readonly ConfiguredStream[]): JsonObject {
  return {
    streams: streams.map(({ stream, mode, cursorField, primaryKey }) => ({
      stream: {
        name: stream.name,
        ...(stream.namespace ? { namespace: stream.namespace } : {}),
        json_schema: stream.jsonSchema,
        supported_sync_modes: stream.incremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
        source_defined_cursor: stream.sourceDefinedCursor,
        ...(stream.resumable === undefined ? {} : { is_resumable: stream.resumable }),
        default_cursor_field: [...stream.defaultCursorField],
        source_defined_primary_key: stream.primaryKey.map((path) => [...path]),
      },
      sync_mode: mode.startsWith('incremental') ? 'incremental' : 'full_refresh',
      destination_sync_mode: DESTINATION_MODES[mode],
      cursor_field: [...cursorField],
      primary_key: primaryKey.map((path) => [...path]),
    })),
  };
}

/** The protocol's destination sync mode for each mode. */
export const DESTINATION_MODES: Record<SyncMode, string> = {
  full_refresh_overwrite: 'overwrite',
  full_refresh_append: 'append',
  incremental_append: 'append',
  incremental_deduped_history: 'append_dedup',
};

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
