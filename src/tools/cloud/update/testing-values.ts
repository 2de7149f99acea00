/** The configuration with which the connector builder tests a definition. */
import { InputError } from '../../../errors.ts';
import { isObject, type JsonObject } from '../../../protocol/index.ts';
import { maskConfiguration } from '../../../secrets/index.ts';
import type { Call } from '../../tool.ts';
import { resolved } from '../actor-config.ts';
import type { FoundObject } from '../found-object.ts';

type FoundDefinition = Extract<FoundObject, { kind: 'definition' }>;

export interface NewTestingValues {
  /** Replaces the present testing values, secrets included. */
  send(): Promise<void>;
  readonly before: JsonObject;
  readonly after: JsonObject;
}

/**
 * @param manifest that is published with them, whose spec they must fit
 * @throws InputError `no_builder_project`, `invalid_config`
 */
export async function newTestingValues(
  { definition, workspaceId }: FoundDefinition,
  values: JsonObject,
  manifest: JsonObject | undefined,
  call: Call,
): Promise<NewTestingValues> {
  const { services, signal } = call;
  const draft = await services.cloud.definitions.draft(workspaceId, definition.id, signal);
  if (!draft) throw noProject();
  const spec = specOfManifest(manifest ?? draft.manifest) ?? specOfManifest(definition.manifest) ?? {};
  const { send, shown } = await checkedTestingValues(values, spec, call);
  return {
    send: () => send(workspaceId, draft.projectId),
    before: await shown(draft.testingValues ?? {}),
    after: await shown(values),
  };
}

export interface CheckedTestingValues {
  /** Sends them, with their secrets, to a project of the connector builder. */
  send(workspaceId: string, projectId: string): Promise<void>;
  /** Testing values as they may be shown. */
  shown(values: JsonObject): Promise<JsonObject>;
}

/**
 * @param spec the schema of a configuration
 * @throws InputError `invalid_config`
 */
export async function checkedTestingValues(
  values: JsonObject,
  spec: JsonObject,
  call: Call,
): Promise<CheckedTestingValues> {
  const { services, signal } = call;
  const ready = await resolved(values, spec, services, call);
  return {
    send: (workspaceId, projectId) =>
      ready.use((plain) => services.cloud.definitions.setTestingValues(workspaceId, projectId, spec, plain)),
    async shown(of) {
      const { keys: secretKeys } = await services.registry.secretKeys(signal);
      return maskConfiguration(of, { spec, secretKeys });
    },
  };
}

/** The schema of a configuration; undefined if the manifest has none of its own. */
export function specOfManifest({ spec }: JsonObject): JsonObject | undefined {
  const inner = isObject(spec) ? spec.connection_specification : undefined;
  return isObject(inner) ? inner : undefined;
}

export function noProject(): InputError {
  return new InputError(
    'no_builder_project',
    'The definition has no project in the connector builder, so it has no testing values.',
    'Ask a person to open it in the connector builder once; then call again.',
  );
}
