/** Estimates how large DuckDB makes an expression. */
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import {
  type Expression,
  largestOf,
  lookUp,
  newScope,
  PLAIN,
  type Relation,
  type Scope,
  type Shape,
  together,
} from './growth-scope.ts';

export interface Measures {
  /** Adds parts that DuckDB expands for a name or a macro. */
  copied(parts: number): void;
  shape(shape: Shape): void;
  relation(query: JsonObject, outer: Scope): Relation;
  /** How often a function repeats its argument. */
  copies(name: string): number;
  /** Whether a function returns only plain values. */
  isPlain(name: string): boolean;
}

/** Functions that return one of their arguments, or a part of one. */
const PASSING = new Set(
  (
    'any_value arbitrary arg_max arg_min array_extract array_first array_last array_to_string coalesce concat element_at first first_value ' +
    'greatest ifnull lag last last_value lead least list_distinct list_element list_extract list_filter list_first ' +
    'list_last list_reverse list_slice list_sort max max_by min min_by mode nth_value nullif struct_extract unnest'
  ).split(' '),
);
const TYPED_BY_TEXT = /^(from_json|json_transform)(_strict)?$/;
const PASSING_OPERATORS = new Set([
  'ARRAY_EXTRACT',
  'ARRAY_SLICE',
  'STRUCT_EXTRACT',
  'OPERATOR_COALESCE',
  'OPERATOR_TRY',
]);

export function measure(node: JsonObject, scope: Scope, measures: Measures): Expression {
  const measured = measureNode(node, scope, measures);
  measures.shape(measured.shape);
  return measured;
}

function measureNode(node: JsonObject, scope: Scope, measures: Measures): Expression {
  switch (node.class) {
    case 'COLUMN_REF': {
      const names = Array.isArray(node.column_names) ? node.column_names.map(String) : [];
      const { shape, copied } = lookUp(names, scope);
      if (copied > 0) measures.copied(copied);
      return { size: 1 + copied, shape, spread: false };
    }
    case 'POSITIONAL_REFERENCE':
      return { size: 1, shape: scope.from.largest, spread: false };
    case 'STAR':
      return { size: 1 + sizeOf(partsOf(node, scope, measures)), shape: scope.from.largest, spread: true };
    case 'SUBQUERY':
      return subquery(node, scope, measures);
    case 'CAST':
      return { ...all(partsOf(node, scope, measures)), shape: typeShape(node.cast_type) };
    case 'FUNCTION':
    case 'WINDOW':
      return call(node, scope, measures);
    case 'OPERATOR':
      return operator(node, scope, measures);
    case 'COMPARISON':
    case 'CONJUNCTION':
    case 'BETWEEN':
      return { ...all(partsOf(node, scope, measures)), shape: PLAIN };
    default:
      return all(partsOf(node, scope, measures));
  }
}

function subquery(node: JsonObject, scope: Scope, measures: Measures): Expression {
  const { subquery: inner, ...rest } = node;
  const others = partsOf(rest, scope, measures);
  const relation = isObject(inner) ? measures.relation(inner, scope) : undefined;
  const shape = node.subquery_type === 'SCALAR' && relation ? relation.largest : PLAIN;
  return { size: 1 + sizeOf(others) + (relation?.cost ?? 0), shape, spread: others.some(({ spread }) => spread) };
}

function call(node: JsonObject, scope: Scope, measures: Measures): Expression {
  const name = String(node.function_name ?? '').toLowerCase();
  const { children, ...rest } = node;
  const given = (Array.isArray(children) ? children : []).filter(isObject);
  const values = given.filter((child) => child.class !== 'LAMBDA').map((child) => measure(child, scope, measures));
  const element = together(values.map(({ shape }) => shape));
  const lambdas = given
    .filter((child) => child.class === 'LAMBDA')
    .map((child) => measure(child, lambdaScope(child, element, scope), measures));
  const args = [...values, ...lambdas];
  const size = 1 + sizeOf(args) + sizeOf(partsOf(rest, scope, measures));
  const copies = node.is_operator === true ? 1 : measures.copies(name);
  if (copies > 1) measures.copied(size * (copies - 1));
  const shapes = args.map(({ shape }) => shape);
  return {
    size: size * copies,
    shape: TYPED_BY_TEXT.test(name) ? namedShape(given) : resultShape(node, name, shapes, measures),
    spread: args.some(({ spread }) => spread),
  };
}

/** The type that a text describes: `{"a": ["INTEGER"]}`. */
function namedShape(given: readonly JsonObject[]): Shape {
  let depth = 1;
  let deepest = 1;
  let weight = 1;
  for (const { value } of given) {
    const written = isObject(value) && typeof value.value === 'string' ? value.value : '';
    for (const letter of written) {
      if (letter === '[' || letter === '{') depth += 1;
      if (letter === ']' || letter === '}') depth -= 1;
      if (letter === ',') weight += 1;
      deepest = Math.max(deepest, depth);
    }
  }
  return { weight, depth: deepest };
}

function resultShape(node: JsonObject, name: string, shapes: readonly Shape[], measures: Measures): Shape {
  if (measures.isPlain(name)) return PLAIN;
  return node.is_operator === true || PASSING.has(name) ? largestOf(shapes) : together(shapes);
}

function operator(node: JsonObject, scope: Scope, measures: Measures): Expression {
  const type = String(node.type);
  const parts = partsOf(node, scope, measures);
  // `*COLUMNS(…)` expands all columns into one argument list.
  if (type === 'OPERATOR_UNPACK')
    return { size: sizeOf(parts) + scope.from.all.weight, shape: scope.from.all, spread: false };
  const shapes = parts.map(({ shape }) => shape);
  const shape = PASSING_OPERATORS.has(type)
    ? largestOf(shapes)
    : type === 'ARRAY_CONSTRUCTOR'
      ? together(shapes)
      : PLAIN;
  return { ...all(parts), shape };
}

function lambdaScope(lambda: JsonObject, element: Shape, scope: Scope): Scope {
  const parameters = new Map<string, Shape>();
  for (const reference of expressionsIn(lambda.lhs ?? null)) {
    const names = Array.isArray(reference.column_names) ? reference.column_names : [];
    for (const name of names) parameters.set(String(name).toLowerCase(), element);
  }
  return newScope(scope, parameters);
}

/** The parts of a node that are expressions, measured. */
export function partsOf(node: JsonValue, scope: Scope, measures: Measures): Expression[] {
  const values = isObject(node) ? Object.values(node) : [node];
  return values.flatMap(expressionsIn).map((part) => measure(part, scope, measures));
}

function expressionsIn(value: JsonValue): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  if (!isObject(value)) return [];
  return typeof value.class === 'string' ? [value] : Object.values(value).flatMap(expressionsIn);
}

export function sizeOf(parts: readonly Expression[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

function all(parts: readonly Expression[]): Expression {
  return {
    size: 1 + sizeOf(parts),
    shape: largestOf(parts.map(({ shape }) => shape)),
    spread: parts.some(({ spread }) => spread),
  };
}

/** The type that a cast names. */
function typeShape(type: JsonValue | undefined): Shape {
  if (Array.isArray(type)) return together(type.map(typeShape));
  if (!isObject(type)) return PLAIN;
  const inner = Object.values(type).filter((value) => typeof value === 'object' && value !== null);
  return inner.length === 0 ? PLAIN : together(inner.map(typeShape));
}
