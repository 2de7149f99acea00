/** Sizes of what a name in a query may refer to. Lookup is generous: of several meanings the largest counts. */

/** The size of a type: how many plain values it contains, and how deeply they are nested. */
export interface Shape {
  readonly weight: number;
  readonly depth: number;
}

export interface Relation {
  /** By lower-case name, where the query names them. */
  readonly columns: ReadonlyMap<string, Shape>;
  /** The largest of the columns that the query does not name. */
  readonly unnamed: Shape | undefined;
  /** All columns together, as one value. */
  readonly all: Shape;
  readonly largest: Shape;
  /** Expression parts that DuckDB plans for it. */
  readonly cost: number;
}

export interface Expression {
  /** Parts, including those behind names of the same SELECT: DuckDB expands them for each mention. */
  readonly size: number;
  readonly shape: Shape;
  /** It contains `*` or COLUMNS, and so is repeated for each column. */
  readonly spread: boolean;
}

export interface Scope {
  readonly outer: Scope | undefined;
  readonly ctes: ReadonlyMap<string, Relation>;
  /** All of FROM together. */
  from: Relation;
  /** Tables that may be selected as one value: `t` in `SELECT t FROM … AS t`. */
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

/** The larger of the given types. */
export function either(one: Shape | undefined, other: Shape | undefined): Shape | undefined {
  return one && other ? larger(one, other) : (one ?? other);
}

export function largestOf(shapes: readonly Shape[]): Shape {
  return shapes.reduce(larger, PLAIN);
}

/** One value that contains all of them. */
export function together(shapes: readonly Shape[]): Shape {
  const weight = shapes.reduce((sum, shape) => sum + shape.weight, 0);
  return { weight: Math.max(1, weight), depth: 1 + Math.max(0, ...shapes.map(({ depth }) => depth)) };
}

/** The columns of both, as in a join. */
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

/** What `names` (`a`, `t.a`, `t.a.field`) may refer to: its type, and the parts that are expanded for it. */
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
      // A table is a value only where no column name follows it.
      if (names.length === 1) here = either(here, UNNAMED.test(name) ? from.all : relations.get(name));
    }
    shape = either(shape, here ?? from.unnamed);
  }
  return { shape: shape ?? largest, copied };
}
