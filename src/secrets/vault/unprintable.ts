/** Prints and serializes as its label, never as its value. */
export class Unprintable {
  readonly #label: string;

  constructor(label: string) {
    this.#label = `[${label}]`;
  }

  toJSON(): string {
    return this.#label;
  }

  toString(): string {
    return this.#label;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#label;
  }
}
