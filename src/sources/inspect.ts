/** Checks a configuration against a spec, and resolves its secrets. */
import { type RunControl, validateAgainstSpec } from '../connectors/index.ts';
import type { Problem } from '../errors.ts';
import { isObject, type JsonObject, type UnknownField, unknownFields } from '../protocol/index.ts';
import type { Registry } from '../registry/index.ts';
import type { ConfigLayers, ConfigUpdates, Resolution, Vault } from '../secrets/index.ts';

export interface InspectDeps {
  readonly vault: Vault;
  readonly registry: Registry;
}

/** A spec's `connectionSpecification`, and whether the registry publishes it. */
export interface CheckedSpec {
  readonly spec: JsonObject;
  readonly isPublished: boolean;
}

type Facts = Parameters<ConfigUpdates['forCheck']>[1];

export interface Inspected {
  readonly resolution: Resolution;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** Also reported as warnings. */
  readonly unknown: readonly UnknownField[];
  readonly facts: Facts;
}

/** Collects all problems: first of references and literals, then of the schema at paths without a problem yet. */
export async function inspect(
  deps: InspectDeps,
  layers: ConfigLayers,
  { spec, isPublished }: CheckedSpec,
  control: RunControl,
): Promise<Inspected> {
  const { keys } = await deps.registry.secretKeys(control.signal);
  const facts = { spec, secretKeys: keys };
  const resolution = await deps.vault.resolve(layers, { spec, secretKeys: keys, isPublished });
  const reported = new Set(resolution.problems.map(({ path }) => path));
  // Missing fields are unknown where the configuration could not be read.
  if (reported.has('config_file') || reported.has('config_secret'))
    return { resolution, problems: [...resolution.problems], warnings: [], unknown: [], facts };
  const { outline } = resolution.config;
  const schemaProblems = await validateAgainstSpec(spec, outline);
  const injected = resolution.config.use(Object.keys).filter((key) => key.startsWith('__injected_'));
  const problems = [
    ...resolution.problems,
    ...injected.map(injectedProblem),
    ...schemaProblems.filter(({ path }) => !reported.has(path)),
  ];
  // A spec that accepts no other fields has reported them already.
  const wrong = new Set(problems.map(({ path }) => path));
  const unknown = unknownFields(spec, outline).filter(({ path }) => !wrong.has(path));
  return { resolution, problems, warnings: unknown.map(unknownText), unknown, facts };
}

export function unknownText({ path, near }: UnknownField): string {
  return `The connector's spec has no field ${path}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

/** Fields by which Airbyte's own programs pass code and manifests to the CDK, which would run them. */
function injectedProblem(key: string): Problem {
  const path = key.slice(0, 80);
  return {
    path,
    message: 'It is a field of the CDK, and not part of a configuration.',
    fix: 'Remove it; pass your own manifest by manifest_path.',
  };
}

/** The JSON Schema inside a connector's spec message; a spec without one accepts any object. */
export function specification(spec: JsonObject): JsonObject {
  const inner = spec.connectionSpecification ?? spec.connection_specification;
  return isObject(inner) ? inner : { type: 'object' };
}
