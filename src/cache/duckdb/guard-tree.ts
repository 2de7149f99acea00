/** Walks the complete parse tree of a query by allow-list: unknown nodes are refused. */
import { InputError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { DENIED_FUNCTIONS, GROWING_FUNCTIONS, SHORT_TEXT, TABLE_FUNCTIONS } from './guard-functions.ts';

/** A table or view as the SQL names it. */
export interface TableName {
  readonly catalog: string;
  readonly schema: string;
  readonly table: string;
}

/** What a query touches. */
export interface TreeFacts {
  readonly tables: readonly TableName[];
  /** Names of the growing functions that it calls. */
  readonly growing: ReadonlySet<string>;
}

const EXPRESSIONS = new Set(
  (
    'BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA LAMBDA_REF OPERATOR ' +
    'POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW'
  ).split(' '),
);
const NODES = new Set(
  (
    'SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE ' +
    'BASE_TABLE SUBQUERY JOIN TABLE_FUNCTION EXPRESSION_LIST EMPTY PIVOT SHOW_REF ' +
    'ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING'
  ).split(' '),
);
// Their result is at most a hundred times as large as their argument.
const BOUNDED_IN_LAMBDA = new Set(['replace', 'regexp_replace']);
const SHOWN = new Set(['"tables"', '__show_tables_expanded']);

// Each expands to all columns of a table, and columns cost DuckDB far more than their text.
const STARS_CAP = 500;

interface TreeNode {
  readonly value: JsonValue;
  /** Names of the CTEs in scope, lower case. */
  readonly ctes: ReadonlySet<string>;
  readonly inLambda: boolean;
}

/**
 * The tables and growing functions of a parse tree (`json_serialize_sql`).
 * @throws InputError for everything that a query must not contain
 */
export function walkTree(tree: JsonValue): TreeFacts {
  const tables: TableName[] = [];
  const growing = new Set<string>();
  let stars = 0;
  const stack: TreeNode[] = [{ value: tree, ctes: new Set(), inLambda: false }];
  for (let node = stack.pop(); node; node = stack.pop()) {
    const { value } = node;
    if (Array.isArray(value)) {
      for (const item of value) stack.push({ ...node, value: item });
      continue;
    }
    if (!isObject(value)) continue;
    if (value.class === 'STAR') stars += 1;
    if (stars > STARS_CAP) throw tooWide();
    if (typeof value.class === 'string') checkExpression(value, node, growing);
    else if (typeof value.type === 'string') checkNode(value, node, tables);
    stack.push(...children(value, node));
  }
  return { tables, growing };
}

function checkExpression(node: JsonObject, { inLambda }: TreeNode, growing: Set<string>): void {
  if (node.class === 'PARAMETER') {
    throw new InputError('sql_parameter', 'The query contains a parameter (? or $name).', 'Write the value itself.');
  }
  if (!EXPRESSIONS.has(String(node.class))) throw unknownNode(String(node.class));
  if (node.class === 'CAST' && /variant/i.test(JSON.stringify(node.cast_type ?? null))) throw refusedVariant();
  if (typeof node.function_name !== 'string') return;
  const name = node.function_name.toLowerCase();
  if (/variant/.test(name)) throw refusedVariant();
  if (/^(from_json|json_transform)/.test(name)) checkTypeText(name, node);
  const instead = DENIED_FUNCTIONS.get(name);
  if (instead !== undefined) throw refusedFunction(name, instead);
  if (!GROWING_FUNCTIONS.has(name)) {
    checkFormat(name, node);
    return;
  }
  // A qualified name would bypass the macro that checks the size.
  if (text(node.schema) !== '' || text(node.catalog) !== '') {
    throw refusedFunction(name, `Write ${name}(…) without a schema or a value before it.`);
  }
  if (inLambda && !BOUNDED_IN_LAMBDA.has(name))
    throw refusedFunction(`${name} inside a lambda`, 'Use unnest() in a lateral subquery instead.');
  if (!putsShortText(name, node)) growing.add(name);
}

/** What the macro cannot check: it repeats its arguments, which nested calls multiply. */
function putsShortText(name: string, node: JsonObject): boolean {
  if (!BOUNDED_IN_LAMBDA.has(name)) return false;
  const by = constantText(node, 2);
  return by !== undefined && Buffer.byteLength(by) <= SHORT_TEXT;
}

/** DuckDB parses a type in a text on the thread's stack, so the type must be a constant here. */
function checkTypeText(name: string, node: JsonObject): void {
  const type = constantText(node, 1);
  if (type === undefined) throw refusedFunction(`${name} with this type`, 'Pass the type as one constant text.');
  if (/variant/i.test(type)) throw refusedVariant();
}

// A width inside the format produces a text of any length.
function checkFormat(name: string, node: JsonObject): void {
  if (name !== 'printf' && name !== 'format') return;
  const format = constantText(node, 0);
  if (format === undefined || /\d{4}|\*|\{[^}]*\{/.test(format)) {
    throw refusedFunction(`${name} with this format`, 'Pass a constant format with widths below 1,000.');
  }
}

/** An argument of a call, where it is a constant text and not computed. */
function constantText(call: JsonObject, at: number): string | undefined {
  const argument = Array.isArray(call.children) ? call.children[at] : undefined;
  const isConstant = isObject(argument) && argument.class === 'CONSTANT' && isObject(argument.value);
  const value = isConstant && isObject(argument.value) ? argument.value.value : undefined;
  return typeof value === 'string' ? value : undefined;
}

function checkNode(node: JsonObject, { ctes }: TreeNode, tables: TableName[]): void {
  const type = String(node.type);
  if (!NODES.has(type) && !type.endsWith('_TYPE_INFO')) throw unknownNode(type);
  if (type === 'TABLE_FUNCTION') checkTableFunction(node.function);
  if (type === 'SHOW_REF' && !isObject(node.query)) {
    const shown = text(node.table_name);
    if (text(node.show_type) !== 'SHOW_FROM' && !SHOWN.has(shown)) {
      throw new InputError('sql_refused', `SHOW ${shown} is not allowed.`, 'Use SHOW TABLES or SHOW ALL TABLES.');
    }
  }
  if (type !== 'BASE_TABLE') return;
  const name = { catalog: text(node.catalog_name), schema: text(node.schema_name), table: text(node.table_name) };
  const isCte = name.catalog === '' && name.schema === '' && ctes.has(name.table.toLowerCase());
  if (!isCte) tables.push(name);
}

function checkTableFunction(call: JsonValue | undefined): void {
  const name = isObject(call) ? text(call.function_name).toLowerCase() : '';
  const schema = isObject(call) ? text(call.schema) : '';
  const catalog = isObject(call) ? text(call.catalog) : '';
  if (TABLE_FUNCTIONS.has(name) && (schema === '' || schema === 'main') && catalog === '') return;
  throw new InputError(
    'sql_table_function',
    `${name || 'This'}(…) may not be read from in a query.`,
    `Read from tables of the cache (describe_data lists them); as functions only ${[...TABLE_FUNCTIONS].join(', ')}.`,
  );
}

/** The parts of a node, each with the CTEs that it sees: a CTE sees those before it, and itself where it is recursive. */
function children(node: JsonObject, parent: TreeNode): TreeNode[] {
  const inLambda = parent.inLambda || node.class === 'LAMBDA';
  let ctes = parent.ctes;
  const parts: TreeNode[] = [];
  if (isObject(node.cte_map) && Array.isArray(node.cte_map.map)) {
    for (const entry of node.cte_map.map) {
      if (!isObject(entry)) continue;
      parts.push({ value: entry.value ?? null, ctes, inLambda });
      ctes = new Set(ctes).add(text(entry.key).toLowerCase());
    }
  }
  if (typeof node.cte_name === 'string') {
    const inner = new Set(ctes).add(node.cte_name.toLowerCase());
    // The definition of a CTE_NODE does not see the name; both sides of a recursive one do.
    const { query, ...rest } = node;
    if (node.type === 'CTE_NODE' && query !== undefined) parts.push({ value: query, ctes, inLambda });
    ctes = inner;
    parts.push(...values(node.type === 'CTE_NODE' ? rest : node, ctes, inLambda));
    return parts;
  }
  parts.push(...values(node, ctes, inLambda));
  return parts;
}

function values(node: JsonObject, ctes: ReadonlySet<string>, inLambda: boolean): TreeNode[] {
  return Object.entries(node)
    .filter(([key, value]) => key !== 'cte_map' && typeof value === 'object' && value !== null)
    .map(([, value]) => ({ value, ctes, inLambda }));
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

// On deep JSON, DuckDB's conversion crashes the process.
function refusedVariant(): InputError {
  return new InputError(
    'sql_refused',
    'VARIANT is not allowed here.',
    'Use the value as JSON, and extract parts with ->>.',
  );
}

function refusedFunction(name: string, instead: string): InputError {
  return new InputError('sql_function', `The function ${name} may not be called in a query.`, instead);
}

function unknownNode(kind: string): InputError {
  return new InputError(
    'sql_refused',
    `The query holds a part that is not allowed here (${kind}).`,
    'Write a plain SELECT over tables of the cache.',
  );
}

function tooWide(): InputError {
  return new InputError(
    'sql_too_wide',
    `The query holds more than ${STARS_CAP} stars (*).`,
    'Name the columns you need.',
  );
}
