import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../protocol/index.ts';
import type { ResolvedConfig } from './types.ts';
import { Unprintable } from './unprintable.ts';

/** Holds the values where neither printing nor serialising reaches them. */
class SealedConfig extends Unprintable implements ResolvedConfig {
  readonly #config: JsonObject;
  readonly #fingerprint: string;

  constructor(config: JsonObject) {
    super('configuration with secrets');
    this.#config = config;
    // It stands in file names only, so it must not be long, and must not be the plain hash of a known text.
    const hash = createHash('sha256').update('sluice configuration 1\n').update(canonicalJson(config));
    this.#fingerprint = hash.digest('hex').slice(0, 32);
  }

  get fingerprint(): string {
    return this.#fingerprint;
  }

  use<T>(callback: (config: JsonObject) => T): T {
    return callback(structuredClone(this.#config));
  }
}

export function sealedConfig(config: JsonObject): ResolvedConfig {
  return new SealedConfig(config);
}
