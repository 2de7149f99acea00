/** An Airbyte, as its settings name it. Nothing is asked before the first call. */
import type { CloudSettings } from '../config/index.ts';
import type { Vault } from '../secrets/index.ts';
import { createActors } from './actors.ts';
import { applications } from './answers.ts';
import { createAsk } from './ask.ts';
import { createConnections } from './connections.ts';
import { createDefinitions } from './definitions.ts';
import { createJobs } from './jobs.ts';
import { createTokens } from './tokens.ts';
import type { Cloud } from './types.ts';
import { createUrls } from './urls.ts';
import { createWorkspaces } from './workspaces.ts';

export interface CloudOptions {
  readonly settings: CloudSettings;
  /** Of this package, for the user agent. */
  readonly version: string;
  readonly vault: Vault;
}

export function createCloud({ settings, version, vault }: CloudOptions): Cloud {
  const userAgent = `sluice-mcp/${version}`;
  const urls = createUrls(settings);
  const tokens = createTokens(vault, () => urls.addresses().api, userAgent);
  const ask = createAsk(userAgent, tokens);
  return {
    addresses: () => urls.addresses(),
    async identity(signal) {
      const id = vault.credential('AIRBYTE_CLOUD_CLIENT_ID');
      if (vault.credential('AIRBYTE_CLOUD_BEARER_TOKEN') || !id) return 'a bearer token';
      try {
        const { applications: all = [] } = await ask({
          method: 'GET',
          address: urls.api(['applications']),
          deed: 'read',
          answer: applications,
          signal,
        });
        const name = id.use((clientId) => all.find((entry) => entry.clientId === clientId))?.name;
        return name === undefined ? 'an application' : `the application "${name}"`;
      } catch (error) {
        // Not every application may list applications.
        if (signal.aborted) throw error;
        return 'an application';
      }
    },
    ...createWorkspaces(ask, urls, settings),
    actors: createActors(ask, urls),
    connections: createConnections(ask, urls),
    jobs: createJobs(ask, urls),
    definitions: createDefinitions(ask, urls),
  };
}
