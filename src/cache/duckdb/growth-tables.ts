/** Estimates how large DuckDB makes a FROM clause. */
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { FunctionFacts } from './function-facts.ts';
import { type Measures, partsOf, sizeOf } from './growth-expression.ts';
import { joined, largestOf, NOTHING, PLAIN, type Relation, type Scope, together } from './growth-scope.ts';

export interface GrowthFacts {
  /** Number of columns of a table, by its lower-case name without its dataset. */
  readonly widths: ReadonlyMap<string, number>;
  readonly growing: ReadonlySet<string>;
  /** A WITH is expanded wherever it is named; the parse tree does not tell which. */
  readonly notMaterialized: boolean;
  readonly functions: FunctionFacts;
}

export interface Gauge {
  readonly facts: GrowthFacts;
  readonly measures: Measures;
  spend(parts: number): number;
  /** Notes a table, or a join by names. */
  table(kind: 'plain' | 'using'): void;
}

/** More columns than any table function or view of the catalog has. */
const FUNCTION_COLUMNS = 10;
const CATALOG_COLUMNS = 50;

export function fromRelation(table: JsonObject, scope: Scope, gauge: Gauge): Relation {
  if (table.type !== 'JOIN') gauge.table('plain');
  const relation = renamed(tableRelation(table, scope, gauge), table.column_name_alias);
  const name = typeof table.alias === 'string' ? table.alias : table.table_name;
  if (typeof name === 'string') scope.relations.set(name.toLowerCase(), relation.all);
  return relation;
}

function tableRelation(table: JsonObject, scope: Scope, gauge: Gauge): Relation {
  const { measures } = gauge;
  switch (table.type) {
    case 'BASE_TABLE':
      return namedRelation(table, scope, gauge);
    case 'SUBQUERY':
      return isObject(table.subquery) ? measures.relation(table.subquery, scope) : NOTHING;
    case 'JOIN': {
      if (Array.isArray(table.using_columns) || table.ref_type === 'NATURAL') gauge.table('using');
      const left = isObject(table.left) ? fromRelation(table.left, scope, gauge) : NOTHING;
      // The right side of a lateral join sees the left one.
      scope.from = joined(scope.from, left);
      const right = isObject(table.right) ? fromRelation(table.right, scope, gauge) : NOTHING;
      const both = joined(left, right);
      scope.from = both;
      const { left: _, right: __, ...condition } = table;
      return { ...both, cost: both.cost + 1 + sizeOf(partsOf(condition, scope, measures)) };
    }
    case 'PIVOT':
      return pivotRelation(table, scope, gauge);
    case 'SHOW_REF':
      if (isObject(table.query)) gauge.measures.relation(table.query, scope);
      return plainRelation(CATALOG_COLUMNS);
    case 'EXPRESSION_LIST':
      return valuesRelation(table, scope, measures);
    default: {
      // A function, whose result has few columns.
      const parts = partsOf(table, scope, measures);
      const largest = largestOf(parts.map(({ shape }) => shape));
      const weight = parts.reduce((sum, { shape }) => sum + shape.weight, FUNCTION_COLUMNS);
      return {
        ...NOTHING,
        unnamed: largest,
        all: { weight, depth: largest.depth + 1 },
        largest,
        cost: 1 + sizeOf(parts),
      };
    }
  }
}

function namedRelation(table: JsonObject, scope: Scope, { facts, measures }: Gauge): Relation {
  const name = String(table.table_name).toLowerCase();
  const cte = table.schema_name === undefined ? scope.ctes.get(name) : undefined;
  if (cte === undefined) return plainRelation(facts.widths.get(name) ?? CATALOG_COLUMNS);
  if (!facts.notMaterialized) return { ...cte, cost: 1 };
  measures.copied(cte.cost);
  return cte;
}

function plainRelation(columns: number): Relation {
  return { ...NOTHING, unnamed: PLAIN, all: { weight: columns, depth: 2 }, cost: 1 };
}

/** All rows have the same types, so the widest row is measured. */
function valuesRelation(table: JsonObject, scope: Scope, measures: Measures): Relation {
  const rows = (Array.isArray(table.values) ? table.values : []).map((row) => partsOf(row, scope, measures));
  const shapes = rows.map((row) => together(row.map(({ shape }) => shape)));
  const largest = largestOf(rows.flatMap((row) => row.map(({ shape }) => shape)));
  const cost = rows.reduce((sum, row) => sum + sizeOf(row), 1);
  return { ...NOTHING, unnamed: largest, all: largestOf(shapes), largest, cost };
}

/** Each value of its list becomes a column, for each aggregate; several lists multiply. */
function pivotRelation(table: JsonObject, scope: Scope, gauge: Gauge): Relation {
  const source = isObject(table.source) ? fromRelation(table.source, scope, gauge) : NOTHING;
  scope.from = joined(scope.from, source);
  const { source: _, ...rest } = table;
  const parts = partsOf(rest, scope, gauge.measures);
  const lists = (Array.isArray(table.pivots) ? table.pivots : []).filter(isObject);
  const lengths = lists.map((list) => (Array.isArray(list.entries) ? Math.max(1, list.entries.length) : 1));
  const aggregates = Array.isArray(table.aggregates) ? Math.max(1, table.aggregates.length) : 1;
  const largest = largestOf([source.largest, ...parts.map(({ shape }) => shape)]);
  const made = lengths.reduce((product, length) => product * length, aggregates) * largest.weight;
  const weight = source.all.weight + made;
  gauge.measures.shape({ weight, depth: 1 });
  const all = { weight, depth: Math.max(source.all.depth, largest.depth + 1) };
  return {
    columns: source.columns,
    unnamed: largest,
    all,
    largest,
    cost: gauge.spend(source.cost + sizeOf(parts) + made),
  };
}

/** `AS t(a, b)` renames columns, in an order that is not followed here. */
export function renamed(relation: Relation, names: JsonValue | undefined): Relation {
  return Array.isArray(names) && names.length > 0
    ? { ...relation, columns: new Map(), unnamed: relation.largest }
    : relation;
}
