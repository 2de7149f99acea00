/** Prints and serialises as its label, whatever it holds. */
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
