/** The configured catalog as a destination reads it: newer ones require generations and a sync number. */
import { type ConfiguredStream, configuredCatalogJson, isObject, type JsonObject } from '../../protocol/index.ts';

export interface DeliveryMode {
  readonly generation: number;
  readonly minimum: number;
  /** Overrides the destination mode. */
  readonly overwrite: boolean;
}

/** @param syncNumber differs from sync to sync */
export function destinationCatalog(
  streams: readonly ConfiguredStream[],
  modes: readonly DeliveryMode[],
  syncNumber: number,
): JsonObject {
  const { streams: plain } = configuredCatalogJson(streams);
  if (!Array.isArray(plain)) throw new TypeError('a catalog has streams');
  return {
    streams: plain.flatMap((stream, index) => {
      const mode = modes[index];
      if (!isObject(stream) || !mode) return [];
      return {
        ...stream,
        ...(mode.overwrite ? { destination_sync_mode: 'overwrite' } : {}),
        generation_id: mode.generation,
        minimum_generation_id: mode.minimum,
        sync_id: syncNumber,
      };
    }),
  };
}
