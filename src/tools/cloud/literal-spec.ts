/** A manifest as Airbyte takes it: with references in the spec resolved, because Airbyte does not follow them. */
import { InputError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';

const EMPTY_SPEC: JsonObject = {
  type: 'Spec',
  connection_specification: {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: true,
    properties: {},
  },
};

/**
 * Writes references inside of the spec out, and adds an empty spec if there is none.
 * @throws InputError `bad_manifest` for a broken or circular reference
 */
export function withLiteralSpec(manifest: JsonObject): JsonObject {
  const spec = manifest.spec === undefined || manifest.spec === null ? {} : literal(manifest.spec, manifest, []);
  if (!isObject(spec)) throw badSpec('spec is not an object');
  const inner = spec.connection_specification;
  if (inner !== undefined && !isObject(inner)) throw badSpec('connection_specification is not an object');
  return { ...manifest, spec: { ...EMPTY_SPEC, ...spec } };
}

function literal(value: JsonValue, manifest: JsonObject, within: readonly string[]): JsonValue {
  if (typeof value === 'string') return value.startsWith('#/') ? (referred(value, manifest, within) ?? value) : value;
  if (Array.isArray(value)) return value.map((item) => literal(item, manifest, within));
  if (!isObject(value)) return value;
  const { $ref: reference, ...rest } = value;
  const own = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, literal(item, manifest, within)]));
  if (typeof reference !== 'string') return own;
  const base = referred(reference, manifest, within);
  if (base === undefined) throw badSpec(`${JSON.stringify(reference.slice(0, 80))} leads nowhere`);
  return isObject(base) ? { ...base, ...own } : base;
}

/** Undefined where there is nothing under this path. */
function referred(reference: string, manifest: JsonObject, within: readonly string[]): JsonValue | undefined {
  if (within.includes(reference)) throw badSpec(`${JSON.stringify(reference.slice(0, 80))} leads into itself`);
  let found: JsonValue | undefined = manifest;
  for (const part of reference.replace(/^#\//, '').split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as JsonObject)[key];
  }
  return found === undefined ? undefined : literal(found, manifest, [...within, reference]);
}

function badSpec(reason: string): InputError {
  return new InputError(
    'bad_manifest',
    `The spec of the manifest cannot be resolved: ${reason}.`,
    'Give it a spec with connection_specification, a JSON schema of the configuration, and references only into #/definitions.',
  );
}
