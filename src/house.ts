/** Wires the rooms together: with `main.ts` the only file that knows them all. Loaded at the first call, not at start. */
import { join } from 'node:path';
import { duckdbCache, openDatabase } from './cache/index.ts';
import { childEnvironment, installerEnvironment, type Settings } from './config/index.ts';
import { createConnectors } from './connectors/index.ts';
import { openProject } from './project/index.ts';
import { createRegistry } from './registry/index.ts';
import { createAudit, createLedger } from './safety/index.ts';
import type { Vault } from './secrets/index.ts';
import { createSources } from './sources/index.ts';
import { createSyncs } from './sync/index.ts';
import type { House } from './tools/index.ts';

export function openHouse(settings: Settings, vault: Vault, recorded: boolean): House {
  const project = openProject(settings, recorded);
  const { redactor } = vault;
  const audit = createAudit(project, redactor);
  const registry = createRegistry({ settings, project });
  const connectors = createConnectors({
    settings,
    project,
    redactor,
    childEnvironment: childEnvironment(process.env),
    installerEnvironment: installerEnvironment(process.env),
    sweep: () => syncs.sweep(),
  });
  const cache = duckdbCache(
    openDatabase({
      redactor,
      file: async () => join(await project.folder('cache'), 'cache.duckdb'),
      stagingDirectory: () => project.folder('staging'),
    }),
  );
  const syncs = createSyncs({ project, cache, connectors, redactor });
  const sources = createSources(project, { vault, registry, connectors });
  const ledger = createLedger();
  return {
    services: { settings, project, vault, ledger, audit, registry, connectors, sources, cache, syncs },
    async endAll() {
      await Promise.allSettled([connectors.endAll(), syncs.endAll()]);
      await Promise.allSettled([cache.close(), audit.settled()]);
    },
  };
}
