/** What a name in a query may stand for, by size. Names are guessed broadly: of several meanings the largest counts. */

/** The type of a value: of how many plain ones it is made, and how deep they lie. */
export interface Shape {
  readonly weight: number;
  readonly depth: number;
}

export interface Relation {
  /** By lower-case name, as far as the query says them. */
  readonly columns: ReadonlyMap<string, Shape>;
  /** The largest of the columns whose names the query does not say. */
  readonly unnamed: Shape | undefined;
  /** All columns together, as one value. */
  readonly all: Shape;
  readonly largest: Shape;
  /** Parts that DuckDB plans for it. */
  readonly cost: number;
}

export interface Expression {
  /** Parts, with those that stand behind names of the same SELECT: DuckDB writes them out for each mention. */
  readonly size: number;
  readonly shape: Shape;
  /** It holds `*` or COLUMNS, and so stands once for each column. */
  readonly spread: boolean;
}

export interface Scope {
  readonly outer: Scope | undefined;
  readonly ctes: ReadonlyMap<string, Relation>;
  /** All of FROM together. */
  from: Relation;
  /** What may be named as a whole: `t` in `SELECT t FROM … AS t`. */
  readonly relations: Map<string, Shape>;
  readonly aliases: Map<string, Expression>;
  /** Parameters of a lambda. */
  readonly parameters: ReadonlyMap<string, Shape>;
}

export const PLAIN: Shape = { weight: 1, depth: 1 };
export const NOTHING: Relation = {
  columns: new Map(),
  unnamed: undefined,
  all: { weight: 0, depth: 0 },
  largest: PLAIN,
  cost: 0,
};
const UNNAMED = /^unnamed_subquery\d*$/;

export function newScope(outer: Scope | undefined, parameters: Scope['parameters'] = new Map()): Scope {
  const ctes = outer?.ctes ?? new Map();
  return { outer, ctes, from: NOTHING, relations: new Map(), aliases: new Map(), parameters };
}

export function larger(one: Shape, other: Shape): Shape {
  return { weight: Math.max(one.weight, other.weight), depth: Math.max(one.depth, other.depth) };
}

/** The larger of those that are there. */
export function either(one: Shape | undefined, other: Shape | undefined): Shape | undefined {
  return one && other ? larger(one, other) : (one ?? other);
}

export function largestOf(shapes: readonly Shape[]): Shape {
  return shapes.reduce(larger, PLAIN);
}

/** One value that holds them all. */
export function together(shapes: readonly Shape[]): Shape {
  const weight = shapes.reduce((sum, shape) => sum + shape.weight, 0);
  return { weight: Math.max(1, weight), depth: 1 + Math.max(0, ...shapes.map(({ depth }) => depth)) };
}

/** Both, side by side, as in a join. */
export function joined(one: Relation, other: Relation): Relation {
  const columns = new Map(one.columns);
  for (const [name, shape] of other.columns) columns.set(name, larger(columns.get(name) ?? shape, shape));
  return {
    columns,
    unnamed: either(one.unnamed, other.unnamed),
    all: { weight: one.all.weight + other.all.weight, depth: Math.max(one.all.depth, other.all.depth) },
    largest: larger(one.largest, other.largest),
    cost: one.cost + other.cost,
  };
}

/** What `names` (`a`, `t.a`, `t.a.field`) may be: its type, and the parts that are written out for it. */
export function lookUp(names: readonly string[], scope: Scope): { shape: Shape; copied: number } {
  let shape: Shape | undefined;
  let copied = 0;
  let largest = PLAIN;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const { from, aliases, parameters, relations } = at;
    largest = larger(largest, from.largest);
    let here: Shape | undefined;
    for (const written of names) {
      const name = written.toLowerCase();
      const alias = aliases.get(name);
      copied = Math.max(copied, alias?.size ?? 0);
      for (const found of [alias?.shape, parameters.get(name), from.columns.get(name)]) here = either(here, found);
      // As a value of its own only where it is not written before a column.
      if (names.length === 1) here = either(here, UNNAMED.test(name) ? from.all : relations.get(name));
    }
    shape = either(shape, here ?? from.unnamed);
  }
  return { shape: shape ?? largest, copied };
}
