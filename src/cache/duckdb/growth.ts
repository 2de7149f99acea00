/**
 * Refuses a short query that DuckDB would expand to a huge one: names that double each other, values nested in values,
 * columns of columns. Planning cannot be interrupted and ignores the memory limit, so it must not begin.
 */
import { InputError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { MAX_COPIES } from './function-facts.ts';
import { type Measures, measure, partsOf } from './growth-expression.ts';
import {
  type Expression,
  either,
  larger,
  largestOf,
  lookUp,
  NOTHING,
  newScope,
  PLAIN,
  type Relation,
  type Scope,
  type Shape,
} from './growth-scope.ts';
import { fromRelation, type Gauge, type GrowthFacts, renamed } from './growth-tables.ts';
import { tooDeep } from './query-errors.ts';

/** Parts expanded for names. DuckDB takes 0.2 s for this many, and disproportionately longer for more. */
const COPIES_CAP = 5_000;
/** Up to this many are always allowed: people write as many by hand. */
const SMALL = 30;
/** Plain values in one value or row. */
const WEIGHT_CAP = 20_000;
const DEPTH_CAP = 20;
/** Parts and columns of all steps. */
const COST_CAP = 400_000;
/** The planner compares the ways to join them in pairs. */
const TABLES_CAP = 500;
/** Each looks for its names in all tables before it; sixty take 3 s. */
const USING_CAP = 40;

/** @throws InputError `sql_too_wide` */
export function checkGrowth(statements: JsonValue, facts: GrowthFacts): void {
  const gauge = createGauge(facts);
  try {
    for (const statement of Array.isArray(statements) ? statements : [statements]) {
      if (isObject(statement)) gauge.relation(statement, newScope(undefined));
    }
  } catch (error) {
    // Deeper than the stack allows.
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

function createGauge(facts: GrowthFacts): Measures {
  let copies = 0;
  let cost = 0;
  const spend = (parts: number): number => {
    cost += parts;
    if (cost > COST_CAP) throw tooWide('columns of columns', 'Name the columns you need.');
    return parts;
  };
  const tables = { plain: 0, using: 0 };
  const table: Gauge['table'] = (kind) => {
    tables[kind] += 1;
    if (tables.plain > TABLES_CAP) throw tooWide(`more than ${TABLES_CAP} tables`, 'Split it into several queries.');
    if (tables.using > USING_CAP) throw tooWide(`more than ${USING_CAP} joins with USING`, 'Write ON a.x = b.x.');
  };
  const measures: Measures = {
    copied(parts) {
      if (parts <= SMALL) return;
      copies += parts;
      if (copies > COPIES_CAP) {
        throw tooWide(
          'names or functions that expand to each other many times over',
          'Compute each step in its own subquery or WITH, without NOT MATERIALIZED.',
        );
      }
    },
    shape({ weight, depth }) {
      if (depth > DEPTH_CAP) throw tooDeep();
      if (weight > WEIGHT_CAP) {
        throw tooWide('values in values', 'Put fewer columns, structs or lists into one another.');
      }
    },
    isPlain: (name) => facts.functions.isPlain(name),
    // The macros that check sizes come before those.
    copies: (name) => (facts.growing.has(name) ? MAX_COPIES : facts.functions.copies(name)),
    relation: (query, outer) => queryRelation(query, outer, { facts, measures, spend, table }),
  };
  return measures;
}

function queryRelation(wrapped: JsonObject, outer: Scope, gauge: Gauge): Relation {
  const node = isObject(wrapped.node) ? wrapped.node : wrapped;
  const scope = withCtes(node, outer, gauge);
  switch (node.type) {
    case 'SET_OPERATION_NODE': {
      const sides = [node.left, node.right, ...(Array.isArray(node.children) ? node.children : [])].filter(isObject);
      const both = unioned(
        sides.map((side) => queryRelation(side, scope, gauge)),
        /BY_NAME$/.test(String(node.setop_type)),
      );
      // Each side is padded to the columns of all.
      gauge.spend(both.all.weight * sides.length);
      return modified(node, both, scope, gauge);
    }
    case 'RECURSIVE_CTE_NODE': {
      const first = isObject(node.left) ? queryRelation(node.left, scope, gauge) : NOTHING;
      const inner = nameCte(scope, String(node.cte_name), first);
      const again = isObject(node.right) ? queryRelation(node.right, inner, gauge) : NOTHING;
      return modified(node, { ...first, cost: first.cost + again.cost }, scope, gauge);
    }
    case 'CTE_NODE': {
      const named = isObject(node.query) ? queryRelation(node.query, scope, gauge) : NOTHING;
      const inner = nameCte(scope, String(node.cte_name), named);
      return isObject(node.child) ? queryRelation(node.child, inner, gauge) : named;
    }
    default:
      return modified(node, selectRelation(node, scope, gauge), scope, gauge);
  }
}

function withCtes(node: JsonObject, outer: Scope, gauge: Gauge): Scope {
  let scope = newScope(outer);
  const entries = isObject(node.cte_map) && Array.isArray(node.cte_map.map) ? node.cte_map.map : [];
  for (const entry of entries) {
    if (!isObject(entry) || !isObject(entry.value) || !isObject(entry.value.query)) continue;
    const relation = renamed(queryRelation(entry.value.query, scope, gauge), entry.value.aliases);
    scope = nameCte(scope, String(entry.key), relation);
  }
  return scope;
}

function nameCte(scope: Scope, name: string, relation: Relation): Scope {
  return { ...scope, ctes: new Map(scope.ctes).set(name.toLowerCase(), relation) };
}

function selectRelation(node: JsonObject, scope: Scope, gauge: Gauge): Relation {
  scope.from = isObject(node.from_table) ? fromRelation(node.from_table, scope, gauge) : NOTHING;
  const row = createRow(scope);
  const items = Array.isArray(node.select_list) ? node.select_list.filter(isObject) : [];
  for (const item of items) {
    if (item.class === 'STAR' && item.columns !== true) addStar(row, item, scope, gauge);
    else addItem(row, item, scope, gauge);
  }
  const { select_list: _, from_table: __, modifiers: ___, cte_map: ____, ...others } = node;
  row.cost += spreadSize(partsOf(others, scope, gauge.measures), scope);
  const { columns, unnamed, largest, weight, depth, cost } = row;
  gauge.measures.shape({ weight, depth: 1 });
  gauge.spend(cost + weight);
  return { columns, unnamed, all: { weight, depth }, largest, cost: cost + weight + scope.from.cost };
}

/** The columns of a result, while they are collected. */
interface Row {
  readonly columns: Map<string, Shape>;
  unnamed: Shape | undefined;
  largest: Shape;
  weight: number;
  depth: number;
  cost: number;
  add(shape: Shape, name: string | undefined): void;
}

function createRow(_scope: Scope): Row {
  const columns = new Map<string, Shape>();
  return {
    columns,
    unnamed: undefined,
    largest: PLAIN,
    weight: 0,
    depth: 1,
    cost: 1,
    add(shape, name) {
      this.weight += shape.weight;
      this.depth = Math.max(this.depth, shape.depth + 1);
      this.largest = larger(this.largest, shape);
      if (name === undefined) this.unnamed = either(this.unnamed, shape);
      else columns.set(name, larger(columns.get(name) ?? shape, shape));
    },
  };
}

function addItem(row: Row, item: JsonObject, scope: Scope, { measures }: Gauge): void {
  const measured = measure(item, scope, measures);
  const times = measured.spread ? Math.max(1, scope.from.all.weight) : 1;
  const name = nameOf(item);
  row.add(measured.shape, name);
  row.weight += measured.shape.weight * (times - 1);
  row.cost += measured.size * times;
  // Each of several columns has its own name.
  if (measured.spread || item.function_name === 'unnest') row.unnamed = either(row.unnamed, measured.shape);
  if (typeof item.alias !== 'string' || name === undefined) return;
  const before: Expression = scope.aliases.get(name) ?? measured;
  scope.aliases.set(name, { ...measured, size: Math.max(before.size, measured.size) });
}

/** All columns with their names and types; `t.*` and `struct.*` select a part of them, REPLACE substitutes some. */
function addStar(row: Row, item: JsonObject, scope: Scope, { measures }: Gauge): void {
  const { columns, unnamed, largest } = scope.from;
  const star = starShape(item, scope);
  for (const [name, shape] of columns) row.columns.set(name, larger(row.columns.get(name) ?? shape, shape));
  row.unnamed = either(row.unnamed, item.rename_list === undefined ? unnamed : largest);
  row.largest = larger(row.largest, largest);
  row.weight += star.weight;
  row.depth = Math.max(row.depth, star.depth + 1);
  const parts = partsOf(item, scope, measures);
  const replaced = Array.isArray(item.replace_list) ? item.replace_list.filter(isObject) : [];
  for (const { shape } of parts) {
    row.add(shape, undefined);
    for (const { key } of replaced) {
      const name = String(key).toLowerCase();
      row.columns.set(name, larger(row.columns.get(name) ?? shape, shape));
    }
  }
  row.cost += 1 + star.weight + spreadSize(parts, scope);
}

/** An item that is repeated for each column, with that number of repetitions. */
function spreadSize(parts: readonly Expression[], scope: Scope): number {
  const times = Math.max(1, scope.from.all.weight);
  return parts.reduce((sum, { size, spread }) => sum + size * (spread ? times : 1), 0);
}

function starShape(item: JsonObject, scope: Scope): Shape {
  const name = typeof item.relation_name === 'string' ? item.relation_name : '';
  // Counts its values; their nesting does not make the star's own columns deeper.
  if (name === '') return { ...scope.from.all, depth: scope.from.largest.depth };
  const { weight } = scope.relations.get(name.toLowerCase()) ?? lookUp([name], scope).shape;
  return { weight, depth: scope.from.largest.depth };
}

function nameOf(item: JsonObject): string | undefined {
  if (typeof item.alias === 'string') return item.alias.toLowerCase();
  const names = Array.isArray(item.column_names) ? item.column_names : [];
  return names.length > 0 ? String(names.at(-1)).toLowerCase() : undefined;
}

/** ORDER BY, LIMIT, DISTINCT ON: they may name the columns of the result. */
function modified(node: JsonObject, relation: Relation, scope: Scope, gauge: Gauge): Relation {
  const size = spreadSize(partsOf(node.modifiers ?? null, scope, gauge.measures), scope);
  return size === 0 ? relation : { ...relation, cost: relation.cost + gauge.spend(size) };
}

function unioned(sides: readonly Relation[], byName: boolean): Relation {
  const [first = NOTHING, ...others] = sides;
  const added = others.map((side) => side.largest).reduce<Shape | undefined>(either, undefined);
  const columns = new Map([...first.columns].map(([name, shape]) => [name, larger(shape, added ?? shape)]));
  const weights = sides.map(({ all }) => all.weight);
  return {
    columns,
    unnamed: either(first.unnamed, added),
    all: {
      weight: byName ? weights.reduce((sum, weight) => sum + weight, 0) : Math.max(0, ...weights),
      depth: Math.max(1, ...sides.map(({ all }) => all.depth)),
    },
    largest: largestOf(sides.map((side) => side.largest)),
    cost: sides.reduce((sum, { cost }) => sum + cost, 0),
  };
}

function tooWide(what: string, instead: string): InputError {
  return new InputError('sql_too_wide', `The query is short, but would become huge: it holds ${what}.`, instead);
}
