import type { Definition } from '../../../cloud/index.ts';
import { abortError } from '../../../errors.ts';
import { isObject, type JsonObject } from '../../../protocol/index.ts';
import type { Call } from '../../tool.ts';
import { givenManifest } from '../create/create-definition.ts';
import type { FoundObject } from '../found-object.ts';
import { nothingToChange } from '../kind-arguments.ts';
import type { Changed, Changes } from './changes.ts';
import { newTestingValues } from './testing-values.ts';

export async function updateDefinition(
  found: Extract<FoundObject, { kind: 'definition' }>,
  changes: Changes,
  call: Call,
): Promise<Changed> {
  const { services, signal, progress } = call;
  const { definition, workspaceId } = found;
  const manifest = await givenManifest(changes, services);
  const values = changes.testing_values as JsonObject | undefined;
  if (!manifest && !values) throw nothingToChange('Give manifest, manifest_path or testing_values.');
  const testing = values && (await newTestingValues(found, values, manifest, call));
  if (signal.aborted) throw abortError(signal);
  progress('changing the definition in Airbyte');
  const changed = manifest ? await services.cloud.definitions.update(workspaceId, definition.id, manifest) : definition;
  await testing?.send();
  const both = (of: Definition, testing_values: JsonObject | undefined): JsonObject => ({
    ...summary(of),
    ...(testing_values ? { testing_values } : {}),
  });
  return { name: changed.name, before: both(definition, testing?.before), after: both(changed, testing?.after) };
}

/** A manifest is long: describe_cloud_object shows all of it. */
function summary({ version, manifest }: Definition): JsonObject {
  const streams = Array.isArray(manifest.streams) ? manifest.streams : [];
  const names = streams.map((stream) => {
    const name = isObject(stream) ? (stream.name ?? stream.$ref) : stream;
    // A reference such as #/definitions/orders_stream has no name but its own.
    return typeof name === 'string' ? name.replace(/^#.*\//, '') : '(no name)';
  });
  return { ...(version === undefined ? {} : { version }), streams: names };
}
