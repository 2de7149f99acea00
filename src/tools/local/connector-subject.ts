/** What get_connector_info describes: a connector of the registry, or a manifest of the user's own. */
import type { JsonObject } from '../../protocol/index.ts';
import type { Call } from '../tool.ts';
import type { Info } from './connector-info-output.ts';
import { type Include, type More, moreOf } from './connector-more.ts';
import { runtimesHere, shownVerdicts } from './connector-runtimes.ts';
import { manifestFacts } from './manifest-facts.ts';

export interface Described {
  readonly basics: Pick<
    Info,
    | 'name'
    | 'title'
    | 'type'
    | 'version'
    | 'support_level'
    | 'repository'
    | 'language'
    | 'pypi_package'
    | 'runtimes'
    | 'suggested_streams'
    | 'documentation_url'
  >;
  /** The spec message. */
  readonly message: JsonObject;
  readonly more: More['data'];
  readonly notes: string[];
}

export async function ofRegistry(
  { connector, include, version }: { connector: string; include: readonly Include[]; version: string },
  call: Call,
): Promise<Described> {
  const { services, signal } = call;
  const { registry } = services;
  const { note } = await registry.all(signal);
  const entry = await registry.find(connector, signal);
  const requested = version === 'latest' ? entry.version : version;
  const [message, runtimes, more] = await Promise.all([
    registry.specFor(entry, requested, signal),
    runtimesHere(entry, version === 'latest' ? undefined : version, services, signal),
    moreOf(entry, requested, include, call),
  ]);
  const basics = {
    name: entry.name,
    title: entry.title,
    type: entry.type,
    version: requested,
    support_level: entry.supportLevel,
    repository: entry.repository,
    language: entry.language,
    pypi_package: entry.pypiPackage,
    runtimes,
    suggested_streams: [...entry.suggestedStreams],
    documentation_url: entry.documentationUrl,
  };
  return { basics, message, more: more.data, notes: [...(note ? [note] : []), ...more.notes] };
}

/** @throws as reading the manifest does */
export async function ofManifest(
  { connector, manifestPath, include }: { connector: string; manifestPath: string; include: readonly Include[] },
  { services, signal }: Call,
): Promise<Described> {
  const { connectors } = services;
  const request = { connector, manifestPath, runtime: 'manifest' as const };
  const [message, description, verdicts] = await Promise.all([
    connectors.manifestSpec(request),
    connectors.manifestDescription(request),
    connectors.runtimesFor({ connector }, { runtimes: ['manifest'] }, signal),
  ]);
  const unknown = include.filter((part) => part !== 'spec' && part !== 'streams');
  const basics = {
    name: connector,
    title: connector,
    type: 'source' as const,
    version: 'local',
    support_level: 'own',
    repository: manifestPath,
    runtimes: shownVerdicts(verdicts),
    suggested_streams: [],
  };
  return {
    basics,
    message,
    more: { manifest_facts: manifestFacts(description, undefined) },
    notes: unknown.length > 0 ? [`A manifest of one's own has no ${unknown.join(', ')} to include.`] : [],
  };
}
