/** A saved local source or destination, with its real secrets, on its way to Airbyte. */
import type { ActorKind } from '../../../cloud/index.ts';
import { isUuid } from '../../../config/index.ts';
import { InputError } from '../../../errors.ts';
import type { ResolvedConfig } from '../../../secrets/index.ts';
import type { Call } from '../../tool.ts';
import { invalidConfig } from '../actor-config.ts';
import { asAsked } from '../fields.ts';

/** @throws InputError `invalid_config`, `definition_needed`, `no_definition_id`, `no_spec_to_export`, unknown names */
export async function configFromSaved(
  kind: ActorKind,
  name: string,
  connector: string | undefined,
  workspaceId: string,
  { services, signal, progress }: Call,
): Promise<{ definitionId: string; config: ResolvedConfig; warnings: readonly string[] }> {
  const store = kind === 'source' ? services.sources : services.destinations;
  const saved = await store.get(name);
  const { entry, config, problems, warnings } = await store.exportForCloud(saved, { signal, progress });
  if (problems.length > 0) throw invalidConfig(problems);
  if (entry) {
    if (connector !== undefined) throw connectorNotNeeded(name, entry.name);
    if (entry.definitionId === undefined) throw noDefinitionId(entry.name);
    return { definitionId: entry.definitionId, config, warnings };
  }
  if (connector === undefined || !isUuid(connector)) throw definitionNeeded(name, saved.manifestPath);
  // Its secrets go to a connector of this workspace that was published, and to no other.
  const { id } = asAsked(connector, await services.cloud.definitions.get(workspaceId, connector, signal));
  return { definitionId: id, config, warnings };
}

function connectorNotNeeded(name: string, connector: string): InputError {
  return new InputError(
    'argument_does_not_fit',
    `"${name}" is made with ${connector} itself.`,
    'Leave connector out; it is only for a source with a manifest of its own.',
  );
}

function noDefinitionId(connector: string): InputError {
  return new InputError(
    'no_definition_id',
    `The registry has no Airbyte definition id for ${connector}.`,
    'Create it with connector (the id of a definition) and config instead of from_source.',
  );
}

function definitionNeeded(name: string, manifest: string | undefined): InputError {
  return new InputError(
    'definition_needed',
    `"${name}" has a manifest of its own, which Airbyte must know first.`,
    `Publish it: create_cloud_object with kind definition${manifest ? ` and manifest_path ${JSON.stringify(manifest)}` : ''}. Then call again with its id as connector.`,
  );
}
