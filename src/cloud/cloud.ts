/** The client of the Airbyte that the settings name. Sends nothing before the first call. */
import type { CloudSettings } from '../config/index.ts';
import { redactBeginning, redactName, type Vault } from '../secrets/index.ts';
import { createActors } from './actors.ts';
import { applications } from './answers.ts';
import { createAsk } from './ask.ts';
import { createConnections } from './connections.ts';
import { createDefinitions } from './definitions.ts';
import { createSend, type Send } from './exchange.ts';
import { createJobs } from './jobs.ts';
import { read } from './requests.ts';
import { createTokens } from './tokens.ts';
import type { Cloud, Contact } from './types.ts';
import { createUrls } from './urls.ts';
import { createWorkspaces } from './workspaces.ts';

export interface CloudOptions {
  readonly settings: CloudSettings;
  /** Of this package, for the user agent. */
  readonly version: string;
  readonly vault: Vault;
}

/** Characters of an error message: bodies quote configurations, and longer excerpts do not help. */
const MAX_MESSAGE_LENGTH = 1_500;

export function createCloud({ settings, version, vault }: CloudOptions): Cloud {
  const { redactor } = vault;
  const urls = createUrls(settings);
  const sendOnly = createSend(
    `sluice-mcp/${version}`,
    (text) => redactBeginning(text, { redactor, level: 'connector', shown: MAX_MESSAGE_LENGTH }).text,
  );
  let contact: Contact | undefined;
  const send: Send = async (request) => {
    contact = { at: new Date().toISOString(), answered: false };
    const reply = await sendOnly(request);
    contact = { at: new Date().toISOString(), answered: true };
    return reply;
  };
  const tokens = createTokens(vault, urls, send);
  const ask = createAsk(send, urls, tokens, (name) => redactName(name, redactor));
  return {
    addresses: () => urls.addresses(),
    lastContact: () => contact,
    async identity(signal) {
      const id = vault.credential('AIRBYTE_CLOUD_CLIENT_ID');
      if (vault.credential('AIRBYTE_CLOUD_BEARER_TOKEN') || !id) return 'a bearer token';
      try {
        const { applications: all = [] } = await ask(read(['applications'], applications, signal));
        const name = id.use((clientId) => all.find((entry) => entry.clientId === clientId))?.name;
        return name === undefined ? 'an application' : `the application ${JSON.stringify(redactName(name, redactor))}`;
      } catch (error) {
        // Not every application may list applications.
        if (signal.aborted) throw error;
        return 'an application';
      }
    },
    ...createWorkspaces(ask, settings),
    actors: createActors(ask),
    connections: createConnections(ask),
    jobs: createJobs(ask),
    definitions: createDefinitions(ask),
  };
}
