/** Wires the modules together. Loaded at the first call, not at start. */
import { join } from 'node:path';
import { type Cache, duckdbCache, openDatabase, postgresCache, withQueryQueue } from './cache/index.ts';
import { createCloud } from './cloud/index.ts';
import { childEnvironment, dockerEnvironment, installerEnvironment, type Settings } from './config/index.ts';
import { closeInheritedFiles, createConnectors } from './connectors/index.ts';
import { SetupError } from './errors.ts';
import { createHostMemory } from './hosts.ts';
import { makePrivate, openProject, type Project } from './project/index.ts';
import { createRegistry } from './registry/index.ts';
import { createAudit, createLedger, createSessionHistory } from './safety/index.ts';
import type { Vault } from './secrets/index.ts';
import { createSources } from './sources/index.ts';
import { createSyncs } from './sync/index.ts';
import type { App } from './tools/index.ts';

export function createApp(settings: Settings, vault: Vault, recorded: boolean): App {
  closeInheritedFiles();
  const project = openProject(settings, recorded);
  const { redactor } = vault;
  const audit = createAudit(project, redactor);
  const hosts = createHostMemory();
  const registry = createRegistry({ settings, project, hosts });
  const connectors = createConnectors({
    settings,
    project,
    redactor,
    childEnvironment: childEnvironment(process.env),
    installerEnvironment: installerEnvironment(process.env),
    dockerEnvironment: dockerEnvironment(process.env),
    hosts,
    sweep: () => syncs.sweep(),
  });
  const cache = withQueryQueue(openCache(settings, vault, project));
  const syncs = createSyncs({ project, cache, connectors, redactor });
  const sources = createSources(project, { vault, registry, connectors });
  const destinations = createSources(project, { vault, registry, connectors }, 'destination');
  const ledger = createLedger();
  const cloud = createCloud({ settings: settings.cloud, version: settings.version, vault });
  return {
    services: {
      settings,
      project,
      vault,
      ledger,
      audit,
      history: createSessionHistory(),
      registry,
      connectors,
      sources,
      destinations,
      cache,
      syncs,
      cloud,
    },
    async endAll() {
      await Promise.allSettled([connectors.endAll(), syncs.endAll()]);
      await Promise.allSettled([cache.close(), audit.settled()]);
    },
  };
}

/** The project's DuckDB file, or the shared Postgres; opened when a call first needs it. */
function openCache({ sharedCache }: Settings, vault: Vault, project: Project): Cache {
  const { redactor } = vault;
  const stagingDirectory = (): Promise<string> => project.folder('staging');
  if (!sharedCache) {
    const file = async (): Promise<string> => {
      const path = join(await project.folder('cache'), 'cache.duckdb');
      // An older file, or one of another program, may be readable by others.
      await Promise.all([path, `${path}.wal`].map(makePrivate));
      return path;
    };
    return duckdbCache(openDatabase({ redactor, file, stagingDirectory }));
  }
  return postgresCache({
    redactor,
    stagingDirectory,
    async url(use) {
      if (sharedCache.problem) throw new SetupError('cache_url', sharedCache.problem.message, sharedCache.problem.fix);
      const { config, problems } = await vault.resolve(
        { config: { url: sharedCache.reference } },
        { spec: URL_SPEC, secretKeys: new Set(), isPublished: true },
      );
      const [problem] = problems;
      if (problem) throw new SetupError('cache_url', `SLUICE_CACHE_URL: ${problem.message}`, problem.fix);
      return config.use(({ url }) => use(String(url)));
    },
  });
}

/** Declares all of the URL as secret. */
const URL_SPEC = { type: 'object', properties: { url: { type: 'string', airbyte_secret: true } } };
