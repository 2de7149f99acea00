import type { Credential } from './types.ts';

const HIDDEN = '[credential]';

class LentCredential implements Credential {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  use<T>(callback: (value: string) => T): T {
    return callback(this.#value);
  }

  toJSON(): string {
    return HIDDEN;
  }

  toString(): string {
    return HIDDEN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN;
  }
}

/** Holds a value where neither printing nor serialising reaches it. */
export function lend(value: string): Credential {
  return new LentCredential(value);
}
