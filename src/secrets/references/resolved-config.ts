import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../../protocol/index.ts';
import type { ResolvedConfig } from '../types.ts';
import { Unprintable } from '../vault/unprintable.ts';

/** Holds the values out of reach of printing and serialization. */
class PlainConfig extends Unprintable implements ResolvedConfig {
  readonly #config: JsonObject;
  readonly #outline: JsonObject;
  readonly #fingerprint: string;
  readonly #literals: JsonObject | undefined;

  constructor(config: JsonObject, { outline, written, literals }: ConfigFacts) {
    super('configuration with secrets');
    this.#config = config;
    this.#outline = outline;
    this.#literals = literals;
    // It is used in file names only, so it must not be long, and must not be the plain hash of a known text.
    // Include the written value, so that the fingerprint does not reveal that a literal equals a secret.
    const hash = createHash('sha256')
      .update('sluice configuration 2\n')
      .update(canonicalJson([config, written]));
    this.#fingerprint = hash.digest('hex').slice(0, 32);
  }

  get fingerprint(): string {
    return this.#fingerprint;
  }

  get outline(): JsonObject {
    return this.#outline;
  }

  get literals(): JsonObject | undefined {
    return this.#literals;
  }

  use<T>(callback: (config: JsonObject) => T): T {
    return callback(structuredClone(this.#config));
  }
}

export interface ConfigFacts {
  /** The configuration with held values instead of secrets. */
  readonly outline: JsonObject;
  /** The layers of the configuration, with their references. */
  readonly written: unknown;
  /** The part that the assistant wrote. */
  readonly literals?: JsonObject | undefined;
}

export function resolvedConfig(config: JsonObject, facts: ConfigFacts): ResolvedConfig {
  return new PlainConfig(config, facts);
}
