import type { Definition } from '../../../cloud/index.ts';
import { abortError } from '../../../errors.ts';
import { isObject, type JsonObject } from '../../../protocol/index.ts';
import type { Call } from '../../tool.ts';
import { givenManifest } from '../create/create-definition.ts';
import { nothingToChange } from '../fitting.ts';
import type { FoundObject } from '../found-object.ts';
import type { Changed, Changes } from './changes.ts';

export async function updateDefinition(
  { definition, workspaceId }: Extract<FoundObject, { kind: 'definition' }>,
  changes: Changes,
  { services, signal, progress }: Call,
): Promise<Changed> {
  const manifest = await givenManifest(changes, services);
  if (!manifest) throw nothingToChange('Give manifest or manifest_path.');
  if (signal.aborted) throw abortError(signal);
  progress('publishing the new manifest in Airbyte');
  const changed = await services.cloud.definitions.update(workspaceId, definition.id, manifest);
  return { name: changed.name, before: summary(definition), after: summary(changed) };
}

/** A manifest is long: describe_cloud_object shows it whole. */
function summary({ version, manifest }: Definition): JsonObject {
  const streams = Array.isArray(manifest.streams) ? manifest.streams : [];
  const names = streams.map((stream) => {
    const name = isObject(stream) ? (stream.name ?? stream.$ref) : stream;
    // A reference such as #/definitions/orders_stream has no name but its own.
    return typeof name === 'string' ? name.replace(/^#.*\//, '') : '(no name)';
  });
  return { ...(version === undefined ? {} : { version }), streams: names };
}
