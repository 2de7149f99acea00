import type { Credential } from '../types.ts';
import { Unprintable } from './unprintable.ts';

class LentCredential extends Unprintable implements Credential {
  readonly #value: string;

  constructor(value: string) {
    super('credential');
    this.#value = value;
  }

  use<T>(callback: (value: string) => T): T {
    return callback(this.#value);
  }
}

/** Holds a value out of reach of printing and serialization. */
export function withCredential(value: string): Credential {
  return new LentCredential(value);
}
