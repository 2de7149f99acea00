/** Low-code connectors: a manifest of the registry or of the user's own, run by the CDK's own program in a process. */
import { createHash } from 'node:crypto';
import type { Settings } from '../../config/index.ts';
import { InputError } from '../../errors.ts';
import type { Project } from '../../project/index.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { installedVersions } from '../installed.ts';
import { SHARED_CDK } from '../installed-name.ts';
import { indexHost } from '../python/package-index.ts';
import type { RuntimeModule } from '../runtime-module.ts';
import { createSharedInstalls } from '../shared-installs.ts';
import type { ConnectorFacts, ConnectorRequest, Installed, ManifestFiles, RunControl } from '../types.ts';
import { type CdkDeps, type CdkRequest, cdkNeeded, installedCdk, provideCdk } from './cdk.ts';
import { componentsBeside, needsComponents } from './components.ts';
import { describeManifest, type ManifestDescription, specOf, withSpec } from './describe-manifest.ts';
import { readManifestFile } from './manifest-file.ts';
import { type Manifest, readManifest } from './read-manifest.ts';
import { keepManifest, storedManifest } from './stored-manifest.ts';

export interface ManifestDeps extends CdkDeps {
  readonly settings: Settings;
  readonly project: Project;
}

export interface ManifestModule extends RuntimeModule {
  /** The spec message of a manifest of the user's own; nothing is installed or run. @throws as `install` */
  localSpec(request: ConnectorRequest): Promise<JsonObject>;
  /** What such a manifest offers; nothing is installed or run. @throws as `install` */
  localDescription(request: ConnectorRequest): Promise<ManifestDescription>;
}

interface Checked {
  readonly manifest: Manifest;
  readonly files: ManifestFiles;
  /** What it is called in messages. */
  readonly source: string;
}

const NAME = /^source-[a-z0-9][a-z0-9._-]{0,100}$/;
const REGISTRY_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/i;
const VERSION = /^[0-9][0-9A-Za-z._+-]{0,63}$/;
/** An empty spec, for a manifest without one. */
const ANYTHING: JsonObject = { connectionSpecification: { type: 'object', properties: {} } };

export function createManifestRuntime(deps: ManifestDeps): ManifestModule {
  const { project, settings, python } = deps;
  const shared = createSharedInstalls<Installed>();
  return {
    available: (signal) => python.available(signal),

    async installed({ connector }, facts) {
      const versions = await installedVersions(project, connector, 'manifest');
      const runnable = await Promise.all(versions.map((version) => canRunStored(project, connector, version, facts)));
      return versions.filter((_, at) => runnable[at]);
    },

    async fetchesFrom({ connector, version }, { version: current, cdkVersion, versionsHost }) {
      const stored = await installedVersions(project, connector, 'manifest');
      const isStored = stored.includes(version ?? current ?? '');
      const cdk = await installedCdk(project, cdkNeeded({ cdkVersion }));
      return [
        ...(isStored || versionsHost === undefined ? [] : [versionsHost]),
        ...(cdk ? [] : [indexHost(deps.environment)]),
      ];
    },

    async install(request, facts, control) {
      if (request.manifestPath !== undefined) {
        const local = await readLocal(request, settings);
        const spec = specOf(local.manifest) ?? ANYTHING;
        return installed(
          deps,
          { connector: request.connector, version: 'local', spec },
          local,
          local.cdkRequest,
          control,
        );
      }
      const { connector } = request;
      const version = request.version ?? facts.version;
      if (facts.manifest === undefined || version === undefined) throw notLowCode(connector);
      if (!REGISTRY_NAME.test(connector)) throw badName(connector, 'Use a name that list_connectors shows.');
      if (!VERSION.test(version)) throw badVersion(version);
      return shared.run(JSON.stringify([connector, version]), control, async (joint) => {
        const published = await readPublished(project, { connector, version, facts }, joint);
        const spec = specOf(published.manifest) ?? (await facts.spec?.(version, joint.signal)) ?? ANYTHING;
        const { source, manifest } = published;
        const cdkRequest = { written: manifest.version, cdkVersion: facts.cdkVersion, source, guarded: false };
        const runnable = await installed(deps, { connector, version, spec }, published, cdkRequest, joint);
        return { ...runnable, newlyInstalled: published.fetched };
      });
    },

    localDescription: async (request) => describeManifest((await readLocal(request, settings)).manifest),
    localSpec: async (request) => specOf((await readLocal(request, settings)).manifest) ?? ANYTHING,
  };
}

/** Whether a stored manifest finds its CDK without the network. */
async function canRunStored(
  project: Project,
  connector: string,
  version: string,
  { cdkVersion }: ConnectorFacts,
): Promise<boolean> {
  const stored = await storedManifest(project, connector, version);
  if (!stored) return false;
  const { version: written } = readManifest(stored.manifest, connector);
  return (await installedCdk(project, cdkNeeded({ written, cdkVersion }))) !== undefined;
}

/** With the environment that runs it. */
async function installed(
  deps: ManifestDeps,
  { connector, version, spec }: Pick<Installed, 'connector' | 'version'> & { readonly spec: JsonObject },
  { manifest, files }: Checked,
  cdkRequest: CdkRequest,
  control: RunControl,
): Promise<Installed> {
  const cdk = await provideCdk(deps, cdkRequest, control);
  const text = withSpec(manifest, spec) ?? files.manifest;
  const stamp = createHash('sha256').update(JSON.stringify([text, files.components ?? null, cdk.version]));
  return {
    connector,
    version,
    runtime: 'manifest',
    start: {
      ...cdk.start,
      files: {
        'manifest-path': { name: 'manifest.yaml', text },
        ...(files.components === undefined
          ? {}
          : { 'components-path': { name: 'components.py', text: files.components } }),
      },
      environment: {
        ...cdk.start.environment,
        ...(manifest.bringsCode ? { AIRBYTE_ENABLE_UNSAFE_CODE: 'true' } : {}),
      },
    },
    stamp: stamp.digest('hex').slice(0, 16),
    spec,
    newlyInstalled: false,
    note: cdk.note,
    ...(cdk.newlyInstalled
      ? { alsoInstalled: { connector: SHARED_CDK, version: cdk.version, runtime: 'python' } }
      : {}),
  };
}

async function readLocal(
  { connector, version, manifestPath = '' }: ConnectorRequest,
  settings: Settings,
): Promise<Checked & { readonly cdkRequest: CdkRequest }> {
  if (!NAME.test(connector)) {
    throw badName(
      connector,
      'With manifest_path, give a name of your choice that begins with "source-", in a-z, 0-9, "-".',
    );
  }
  if (version !== undefined && version !== 'local') {
    throw new InputError('version_of_manifest', "A manifest of one's own has no versions.", 'Leave version out.');
  }
  const file = await readManifestFile(manifestPath, settings);
  const { manifest } = file;
  const components = await componentsBeside(file.real, manifest, settings);
  const cdkRequest = { written: manifest.version, source: manifestPath, guarded: manifest.isDynamic };
  return { manifest, files: { manifest: file.text, components }, source: manifestPath, cdkRequest };
}

interface Published {
  readonly connector: string;
  readonly version: string;
  readonly facts: ConnectorFacts;
}

/** From the project if fetched before; otherwise from the registry, and stored once verified. */
async function readPublished(
  project: Project,
  { connector, version, facts }: Published,
  control: RunControl,
): Promise<Checked & { readonly fetched: boolean }> {
  const source = `The manifest of ${connector} ${version}`;
  const stored = await storedManifest(project, connector, version);
  if (stored) return { manifest: readManifest(stored.manifest, source), files: stored, source, fetched: false };
  if (!facts.manifest) throw notLowCode(connector);
  control.progress(`fetching the manifest of ${connector} ${version}`);
  const text = await facts.manifest(version, control.signal);
  const manifest = readManifest(text, source);
  let components: string | undefined;
  if (needsComponents(manifest)) {
    control.progress(`fetching the Python code of ${connector} ${version}`);
    components = await facts.components?.(version, control.signal);
  }
  const files = { manifest: text, components };
  await keepManifest(project, connector, version, files);
  return { manifest, files, source, fetched: true };
}

function notLowCode(connector: string): InputError {
  return new InputError(
    'runtime_does_not_fit',
    `${connector} is not a low-code connector: it has no manifest.`,
    'Leave runtime out to let Sluice choose; list_connectors with runtime "manifest" shows those that are.',
  );
}

function badName(connector: string, next: string): InputError {
  const shown = JSON.stringify(connector.slice(0, 80));
  return new InputError('bad_connector_name', `${shown} is not a name for a connector with a manifest.`, next);
}

function badVersion(version: string): InputError {
  return new InputError(
    'bad_version',
    `${JSON.stringify(version.slice(0, 60))} is not a version.`,
    'Write it as the registry does, such as 1.2.3, or leave version out.',
  );
}
