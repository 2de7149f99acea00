/** A low-code connector, published to a workspace. */
import { abortError, InputError } from '../../../errors.ts';
import { dottedPath, type FieldPath, type JsonObject, type JsonValue } from '../../../protocol/index.ts';
import { MASK } from '../../../secrets/index.ts';
import type { Services } from '../../services.ts';
import { missing } from '../fitting.ts';
import { chosenWorkspace } from '../found-object.ts';
import { withLiteralSpec } from '../literal-spec.ts';
import type { Maker } from './maker.ts';
import { refuseTakenName } from './taken-name.ts';

export const createDefinition: Maker = async (input, call, enter) => {
  const { services, signal, progress } = call;
  const manifest = await givenManifest(input, services);
  if (!manifest) throw noManifest();
  const { id: workspaceId } = await chosenWorkspace(input.workspace_id, services, signal);
  await refuseTakenName(input, workspaceId, call);
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
  if (path === undefined && manifest === undefined) return undefined;
  const given = await connectors.publishable(path === undefined ? { document: manifest as JsonObject } : { path });
  const checked = withLiteralSpec(given);
  // What describe_cloud_object hides would be published in the place of what is there.
  const hidden = maskedPath(checked);
  if (hidden === undefined) return checked;
  throw new InputError(
    'masked_manifest',
    `The manifest holds a masked value (${MASK}) at ${hidden}.`,
    'Put there what belongs there: a field of its spec that is marked airbyte_secret, such as {{ config["api_key"] }}.',
  );
}

function maskedPath(value: JsonValue, path: FieldPath = []): string | undefined {
  if (typeof value === 'string') return value.includes(MASK) ? dottedPath(path) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const inner = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  for (const [key, item] of inner) {
    const found = maskedPath(item, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function noManifest(): InputError {
  return missing('definition', 'manifest_path or manifest', 'manifest_path is the absolute path of a YAML file.');
}
