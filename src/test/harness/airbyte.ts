/** The real binary against the fake Airbyte, with the settings of a user; both stop together. */
import { afterEach, beforeEach } from 'vitest';
import { type AirbyteOptions, type FakeAirbyte, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { type ServerOptions, startServer, type TestServer } from './client.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

/** Airbyte Cloud's two hosts, an Airbyte of one's own, or Cloud's addresses without its configuration API. */
export type CloudWorkplace = 'cloud' | 'self-managed' | 'public only';

export interface CloudOptions extends ServerOptions {
  readonly airbyte?: AirbyteOptions;
  readonly deployment?: CloudWorkplace;
}

export interface CloudTest {
  readonly airbyte: FakeAirbyte;
  readonly server: TestServer;
  close(): Promise<void>;
}

export async function startCloud({ airbyte: options, deployment, ...rest }: CloudOptions = {}): Promise<CloudTest> {
  const airbyte = await startAirbyte(options);
  try {
    const environment = { ...cloudEnvironment(airbyte, deployment), ...rest.environment };
    const server = await startServer({ ...rest, environment });
    return {
      airbyte,
      server,
      async close() {
        await server.close();
        await airbyte.close();
      },
    };
  } catch (error) {
    await airbyte.close();
    throw error;
  }
}

export interface CloudForEach extends Omit<CloudTest, 'close'> {
  readonly workplace: Workplace;
  /** Stops both, and starts another fake and another server on the same workplace. */
  restart(options?: CloudOptions): Promise<void>;
}

/**
 * Starts a workplace, a fake and a server before each test of a file, and removes them after it.
 * @param envFileText without it the workplace has its usual one
 */
export function cloudForEach(options: CloudOptions & { readonly envFileText?: string } = {}): CloudForEach {
  const { envFileText, ...rest } = options;
  let workplace: Workplace;
  let cloud: CloudTest;
  beforeEach(async () => {
    workplace = await makeWorkplace(envFileText);
    cloud = await startCloud({ workplace, ...rest });
  });
  afterEach(async () => {
    await cloud.close();
    await workplace.remove();
  });
  return {
    get airbyte() {
      return cloud.airbyte;
    },
    get server() {
      return cloud.server;
    },
    get workplace() {
      return workplace;
    },
    async restart(other = {}) {
      await cloud.close();
      cloud = await startCloud({ workplace, ...other });
    },
  };
}

/** What a client's configuration would hold. */
export function cloudEnvironment(
  { settings, publicUrl, cloudUrl, configurationUrl }: FakeAirbyte,
  deployment: CloudWorkplace = 'self-managed',
): Record<string, string> {
  return {
    AIRBYTE_CLOUD_CLIENT_ID: settings.clientId,
    AIRBYTE_CLOUD_CLIENT_SECRET: settings.clientSecret,
    AIRBYTE_CLOUD_API_URL: deployment === 'self-managed' ? publicUrl : cloudUrl,
    ...(deployment === 'cloud' ? { AIRBYTE_CLOUD_CONFIG_API_URL: configurationUrl } : {}),
  };
}

/** Both modes of the cloud realm off: what only a person can set. */
export const UNGUARDED = { AIRBYTE_CLOUD_MCP_SAFE_MODE: '0', AIRBYTE_CLOUD_MCP_READONLY_MODE: '0' } as const;
export const READ_ONLY = { AIRBYTE_CLOUD_MCP_READONLY_MODE: '1' } as const;
