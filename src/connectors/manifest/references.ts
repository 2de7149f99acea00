/** References inside a manifest, as the CDK follows them: any string that begins with `#/` is replaced by the value at that pointer. Pure. */
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';

export type ReferenceProblem =
  | { readonly wrong: 'undefined' | 'circular'; readonly reference: string }
  | { readonly wrong: 'too large' };

/** Values that a manifest may have once every reference is written out; source-stripe and source-tmdb have 28,000. */
const MAX_VALUES = 500_000;
const DEEPEST = 400;
/** Values under these keys are configuration, where `#/` has no meaning. */
const NO_REFERENCES = new Set(['config_overrides']);

/** Finds what would stop the CDK when it expands the references, without expanding them; undefined if nothing does. */
export function referenceProblem(manifest: JsonObject): ReferenceProblem | undefined {
  const sizes = new Map<JsonObject | JsonValue[] | string, number>();
  const open = new Set<JsonObject | JsonValue[] | string>();
  const sizeOf = (node: JsonValue, depth: number): number => {
    const isNode = typeof node === 'object' ? node !== null : isReference(node);
    if (!isNode) return 1;
    const key = node as JsonObject | JsonValue[] | string;
    const known = sizes.get(key);
    if (known !== undefined) return known;
    if (depth > DEEPEST) throw new Found({ wrong: 'too large' });
    if (open.has(key)) throw new Found({ wrong: 'circular', reference: typeof key === 'string' ? key : '(an alias)' });
    open.add(key);
    let size = 1;
    for (const child of childrenOf(manifest, key)) {
      size += sizeOf(child, depth + 1);
      if (size > MAX_VALUES) throw new Found({ wrong: 'too large' });
    }
    open.delete(key);
    sizes.set(key, size);
    return size;
  };
  try {
    sizeOf(manifest, 0);
    return undefined;
  } catch (error) {
    if (error instanceof Found) return error.problem;
    throw error;
  }
}

/** Carries a finding out of the recursion. */
class Found extends Error {
  readonly problem: ReferenceProblem;

  constructor(problem: ReferenceProblem) {
    super(problem.wrong);
    this.problem = problem;
  }
}

function childrenOf(manifest: JsonObject, node: JsonObject | JsonValue[] | string): JsonValue[] {
  if (typeof node === 'string') return [lookup(manifest, node)];
  if (Array.isArray(node)) return node;
  return Object.entries(node).flatMap(([key, value]) => (NO_REFERENCES.has(key) ? [] : [value]));
}

function isReference(node: JsonValue): node is string {
  return typeof node === 'string' && node.startsWith('#/');
}

/** A key may hold slashes: the longest rest that is a key wins. */
function lookup(manifest: JsonObject, reference: string): JsonValue {
  let node: JsonValue | undefined = manifest;
  let rest = reference.slice(2);
  while (rest !== '') {
    const value: JsonValue | undefined = childAt(node, rest);
    if (value !== undefined) return value;
    const slash = rest.indexOf('/');
    node = childAt(node, slash < 0 ? rest : rest.slice(0, slash));
    if (node === undefined) throw new Found({ wrong: 'undefined', reference: reference.slice(0, 200) });
    rest = slash < 0 ? '' : rest.slice(slash + 1);
  }
  return node as JsonValue;
}

function childAt(node: JsonValue | undefined, key: string): JsonValue | undefined {
  if (Array.isArray(node)) return /^\d+$/.test(key) ? node[Number(key)] : undefined;
  return isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined;
}

/**
 * One node with its own references followed; those inside its values are not. A manifest must have no `referenceProblem`.
 * An object's own keys override those from its `$ref`.
 */
export function follow(manifest: JsonObject, node: JsonValue | undefined): JsonValue | undefined {
  if (node === undefined) return undefined;
  if (isReference(node)) return follow(manifest, lookup(manifest, node));
  if (!isObject(node) || node.$ref === undefined) return node;
  const { $ref: reference, ...own } = node;
  const base = follow(manifest, reference);
  return isObject(base) ? { ...base, ...own } : base;
}

/** A node with every reference in it written out; for small parts such as the spec. */
export function writtenOut(manifest: JsonObject, node: JsonValue): JsonValue {
  const here = follow(manifest, node) as JsonValue;
  if (Array.isArray(here)) return here.map((item) => writtenOut(manifest, item));
  if (!isObject(here)) return here;
  return Object.fromEntries(Object.entries(here).map(([key, value]) => [key, writtenOut(manifest, value)]));
}

/** Every object that can be reached from a node, each once, references followed. */
export function* reachable(manifest: JsonObject, start: JsonValue): Generator<JsonObject> {
  const seen = new Set<JsonObject | JsonValue[] | string>();
  const waiting: JsonValue[] = [start];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (typeof node === 'object' ? node === null : !isReference(node)) continue;
    const key = node as JsonObject | JsonValue[] | string;
    if (seen.has(key)) continue;
    seen.add(key);
    if (isObject(node)) yield node;
    waiting.push(...childrenOf(manifest, key));
  }
}
