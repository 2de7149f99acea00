/** A low-code connector, published to a workspace. */
import { abortError, InputError, SluiceError } from '../../../errors.ts';
import { dottedPath, type FieldPath, type JsonObject, type JsonValue } from '../../../protocol/index.ts';
import { MASK } from '../../../secrets/index.ts';
import type { Services } from '../../services.ts';
import { chosenWorkspace } from '../found-object.ts';
import { missing } from '../kind-arguments.ts';
import { withLiteralSpec } from '../literal-spec.ts';
import {
  type CheckedTestingValues,
  checkedTestingValues,
  noProject,
  specOfManifest,
} from '../update/testing-values.ts';
import type { Creator } from './creator.ts';
import { refuseTakenName } from './taken-name.ts';

const STORING_MS = 20_000;

export const createDefinition: Creator = async (input, call, enter) => {
  const { services, signal, progress } = call;
  const manifest = await givenManifest(input, services);
  if (!manifest) throw noManifest();
  const { id: workspaceId } = await chosenWorkspace(input.workspace_id, services, signal);
  await refuseTakenName(input, workspaceId, call);
  const values = input.testing_values as JsonObject | undefined;
  const testing = values && (await checkedTestingValues(values, specOfManifest(manifest) ?? {}, call));
  if (signal.aborted) throw abortError(signal);
  progress('publishing the definition in Airbyte');
  const made = await services.cloud.definitions.create(workspaceId, { name: input.name, manifest });
  enter(made);
  const warnings = testing ? await storeTestingValues(testing, workspaceId, made.id, services) : [];
  return {
    kind: 'definition',
    id: made.id,
    name: made.name,
    workspaceId,
    next: `create_cloud_object with kind source and connector ${made.id}, and from_source, config or draft.`,
    ...(warnings.length > 0 ? { more: { warnings } } : {}),
    after: { version: made.version, manifest: made.manifest },
  };
};

/** The definition exists: what fails now is a warning. */
async function storeTestingValues(
  testing: CheckedTestingValues,
  workspaceId: string,
  id: string,
  { cloud }: Services,
): Promise<string[]> {
  try {
    // Not the call's signal: the definition exists even if the caller gives up.
    const draft = await cloud.definitions.draft(workspaceId, id, AbortSignal.timeout(STORING_MS));
    if (!draft) throw noProject();
    await testing.send(workspaceId, draft.projectId);
    return [];
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return [
      `The testing values were not stored: ${error.message} Give them again by update_cloud_object, as testing_values.`,
    ];
  }
}

/** Checked before it is sent; undefined if none is given. */
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
  // The masks that describe_cloud_object shows would replace the published values.
  const hidden = maskedPath(checked);
  if (hidden === undefined) return checked;
  throw new InputError(
    'masked_manifest',
    `The manifest holds a masked value (${MASK}) at ${hidden}.`,
    'Replace the masked value with what belongs there: a field of its spec that is marked airbyte_secret, such as {{ config["api_key"] }}.',
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
