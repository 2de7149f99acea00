/** Configurations on their way to Airbyte: references resolved, literals at secret fields refused. */
import type { ActorKind } from '../../cloud/index.ts';
import type { RunControl } from '../../connectors/index.ts';
import { InputError, type Problem } from '../../errors.ts';
import {
  dottedPath,
  type FieldPath,
  fieldsAt,
  type JsonObject,
  type JsonValue,
  type UnknownField,
} from '../../protocol/index.ts';
import { MASK, type ResolvedConfig } from '../../secrets/index.ts';
import type { Services } from '../services.ts';
import { specOf } from './masking.ts';

export interface Definite {
  readonly kind: ActorKind;
  readonly definitionId: string;
  readonly workspaceId: string;
}

/** @throws InputError `no_spec`: without it the secret fields are unknown */
export async function neededSpec(definite: Definite, services: Services, signal: AbortSignal): Promise<JsonObject> {
  const spec = await specOf(definite, services, signal);
  if (spec) return spec;
  throw new InputError(
    'no_spec',
    `Neither Airbyte nor the registry has the spec of the ${definite.kind} connector ${definite.definitionId}.`,
    `Check the id and that it is a ${definite.kind}'s: list_cloud_objects with kind definition, or a registry name from list_connectors.`,
  );
}

/** By which Airbyte's public API names the connector inside of the configuration. */
const TYPE_FIELDS = ['sourceType', 'destinationType'];

/**
 * @param open paths whose problems do not count
 * @param present the configuration in Airbyte: its fields count as known, even if the spec lacks them
 * @throws InputError `invalid_config`
 */
export async function resolved(
  config: JsonObject,
  spec: JsonObject,
  { sources }: Services,
  control: RunControl,
  { open = [], present = {} }: { readonly open?: readonly FieldPath[]; readonly present?: JsonObject } = {},
): Promise<ResolvedConfig> {
  const { config: complete, problems, unknown } = await sources.inspect({ config }, spec, control);
  const ignored = new Set(open.map(dottedPath));
  const counting = problems.filter(({ path }) => !ignored.has(path));
  // Airbyte accepts such fields silently, and an update cannot remove them.
  const known = new Set([...TYPE_FIELDS, ...pathsOf(present)]);
  const all = [...counting, ...unknown.filter(({ path }) => !known.has(path)).map(unknownField)];
  if (all.length > 0) throw invalidConfig(all);
  return complete;
}

function pathsOf(value: JsonValue, path: FieldPath = []): string[] {
  if (typeof value !== 'object' || value === null) return [dottedPath(path)];
  const inner = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  return [dottedPath(path), ...inner.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

function unknownField({ path, near }: UnknownField): Problem {
  return {
    path,
    message: "The connector's spec has no such field.",
    fix: near === undefined ? 'Leave it out.' : `Did you mean ${near}? get_connector_info shows the fields.`,
  };
}

export function invalidConfig(problems: readonly Problem[]): InputError {
  return new InputError(
    'invalid_config',
    `Nothing was sent: the configuration has ${problems.length} problem(s).`,
    'Correct what is listed and call again.',
    { problems },
  );
}

/** Fields that a person enters must not be references. @throws InputError `invalid_config` */
export function refuseSecrets(config: JsonObject, spec: JsonObject, secretKeys: ReadonlySet<string>): void {
  const problems: Problem[] = [];
  const walk = (value: JsonValue, path: FieldPath): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value))
        walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
      return;
    }
    if (typeof value !== 'string' || !value.includes('secret_reference::')) return;
    const { secret, freeForm } = fieldsAt(spec, path, config);
    if (!secret && !freeForm && !secretKeys.has(String(path.at(-1)))) return;
    problems.push({
      path: dottedPath(path),
      message: 'A draft holds no secrets.',
      fix: 'Leave it out: the person types it in Airbyte. Or leave draft out, and the secret goes to Airbyte now.',
    });
  };
  walk(config, []);
  if (problems.length > 0) throw invalidConfig(problems);
}

/**
 * Leaves out the masks, so that what was described can be sent back: Airbyte keeps what is not named.
 * @param shown the configuration as it was shown; Airbyte replaces complete lists
 * @throws InputError `invalid_config` for a changed list with masks in it
 */
export function withoutMasks(changes: JsonObject, shown: JsonObject): JsonObject {
  const problems: Problem[] = [];
  const walk = (value: JsonValue, before: JsonValue | undefined, path: FieldPath): JsonValue | undefined => {
    if (value === MASK) return undefined;
    if (Array.isArray(value)) {
      if (!holdsMask(value)) return value;
      if (JSON.stringify(value) !== JSON.stringify(before)) problems.push(maskInList(path));
      return undefined;
    }
    if (typeof value !== 'object' || value === null) return value;
    const inner = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {};
    const unmasked = Object.entries(value).flatMap(([key, item]) => {
      const left = walk(item, Object.hasOwn(inner, key) ? inner[key] : undefined, [...path, key]);
      return left === undefined ? [] : [[key, left] as const];
    });
    // An object that holds only masks changes nothing.
    return unmasked.length === 0 && Object.keys(value).length > 0 ? undefined : Object.fromEntries(unmasked);
  };
  const left = walk(changes, shown, []);
  if (problems.length > 0) throw invalidConfig(problems);
  return (left ?? {}) as JsonObject;
}

function holdsMask(value: JsonValue): boolean {
  if (value === MASK) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsMask);
}

function maskInList(path: FieldPath): Problem {
  return {
    path: dottedPath(path),
    message: 'Airbyte replaces the complete list, and this one contains masked secrets.',
    fix: 'Give each secret in it as secret_reference::NAME, or leave the list out.',
  };
}

/** The part of a shown configuration that a change names. */
export function partOf(shown: JsonObject, changes: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(changes).map(([key, change]) => {
      const there = Object.hasOwn(shown, key) ? (shown[key] ?? null) : null;
      const bothObjects = [there, change].every((item) => typeof item === 'object' && item && !Array.isArray(item));
      return [key, bothObjects ? partOf(there as JsonObject, change as JsonObject) : there];
    }),
  );
}
