/** A low-code connector, published to a workspace. */
import { abortError, InputError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { Services } from '../services.ts';
import type { Maker } from './create-cloud-object.ts';
import { missing } from './fitting.ts';
import { chosenWorkspace } from './found-object.ts';

export const createDefinition: Maker = async (input, { services, signal, progress }, enter) => {
  const manifest = await givenManifest(input, services);
  if (!manifest) throw noManifest();
  const workspaceId = await chosenWorkspace(input.workspace_id, services, signal);
  if (signal.aborted) throw abortError(signal);
  progress('publishing the definition in Airbyte');
  const made = await services.cloud.definitions.create(workspaceId, { name: input.name, manifest });
  enter(made);
  return {
    kind: 'definition',
    id: made.id,
    name: made.name,
    workspaceId,
    next: `create_cloud_object with kind source and connector ${made.id}, and from_source, config or draft.`,
    after: { version: made.version, manifest: made.manifest },
  };
};

/** Checked before it is sent; undefined where none is given. */
export async function givenManifest(
  { manifest, manifest_path: path }: { manifest?: Record<string, unknown>; manifest_path?: string },
  { connectors }: Services,
): Promise<JsonObject | undefined> {
  if (path !== undefined && manifest !== undefined) {
    throw new InputError(
      'argument_does_not_fit',
      'manifest and manifest_path are two ways to give the same.',
      'Give one of them.',
    );
  }
  if (path !== undefined) return connectors.publishable({ path });
  return manifest && connectors.publishable({ document: manifest as JsonObject });
}

function noManifest(): InputError {
  return missing('definition', 'manifest_path or manifest', 'manifest_path is the absolute path of a YAML file.');
}
