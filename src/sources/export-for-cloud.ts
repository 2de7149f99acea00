/** Exports a saved connector to another Airbyte, without installing or running anything on this machine. */
import type { RunControl } from '../connectors/index.ts';
import { InputError } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';
import type { ConfigLayers } from '../secrets/index.ts';
import { inspect, specification } from './inspect.ts';
import type { SourceDeps } from './located.ts';
import type { CloudExport, InspectedLayers, SavedConnector } from './types.ts';

/** @throws InputError `no_spec_to_export` for a program of the user's own */
export async function exportForCloud(
  deps: SourceDeps,
  source: SavedConnector,
  control: RunControl,
): Promise<CloudExport> {
  if (source.runtime === 'executable') {
    throw new InputError(
      'no_spec_to_export',
      `"${source.name}" runs a program of this machine, which no Airbyte elsewhere has.`,
      'Choose a source whose connector is in the registry (list_connectors), or a low-code one with manifest_path.',
    );
  }
  const ownManifest = source.manifestPath !== undefined;
  const entry = ownManifest ? undefined : await deps.registry.find(source.connector, control.signal);
  const message = entry
    ? await deps.registry.specFor(entry, source.version, control.signal)
    : await deps.connectors.manifestSpec(source);
  const { resolution, problems, warnings, facts } = await inspect(
    deps,
    source,
    { spec: specification(message), isPublished: entry !== undefined },
    control,
  );
  const config = problems.length > 0 ? resolution.config : deps.updates.forSource(source, resolution.config, facts);
  return { entry, config, problems, warnings };
}

export async function inspectLayers(
  deps: SourceDeps,
  layers: ConfigLayers,
  spec: JsonObject,
  control: RunControl,
): Promise<InspectedLayers> {
  const { resolution, problems, unknown } = await inspect(deps, layers, { spec, isPublished: false }, control);
  return { config: resolution.config, problems, unknown };
}
