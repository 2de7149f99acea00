/** The configuration with which the connector builder tests a definition. */
import { InputError } from '../../../errors.ts';
import { isObject, type JsonObject } from '../../../protocol/index.ts';
import { maskConfiguration } from '../../../secrets/index.ts';
import type { Call } from '../../tool.ts';
import { resolved } from '../actor-config.ts';
import type { FoundObject } from '../found-object.ts';

type FoundDefinition = Extract<FoundObject, { kind: 'definition' }>;

export interface NewTestingValues {
  /** Sends them, with their secrets, in the place of those that there are. */
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
  const { definitions } = services.cloud;
  const draft = await definitions.draft(workspaceId, definition.id, signal);
  if (!draft) throw noProject();
  const spec = specOfManifest(manifest ?? draft.manifest) ?? specOfManifest(definition.manifest) ?? {};
  const ready = await resolved(values, spec, services, call);
  const { keys: secretKeys } = await services.registry.secretKeys(signal);
  const shown = (of: JsonObject): JsonObject => maskConfiguration(of, { spec, secretKeys });
  return {
    send: () => ready.use((plain) => definitions.setTestingValues(workspaceId, draft.projectId, spec, plain)),
    before: shown(draft.testingValues ?? {}),
    after: shown(values),
  };
}

/** The schema of a configuration; undefined where the manifest has none of its own. */
export function specOfManifest({ spec }: JsonObject): JsonObject | undefined {
  const inner = isObject(spec) ? spec.connection_specification : undefined;
  return isObject(inner) ? inner : undefined;
}

function noProject(): InputError {
  return new InputError(
    'no_builder_project',
    'The definition has no project in the connector builder, and so no testing values.',
    'A person opens it in the connector builder once; then call again.',
  );
}
