/** The real binary against the fake Airbyte, as a person sets it up; the fake is ended with the server. */
import { type AirbyteOptions, type FakeAirbyte, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { type ServerOptions, startServer, type TestServer } from './client.ts';

/** Airbyte Cloud's two hosts, an Airbyte of one's own, or Cloud's addresses without its configuration API. */
export type Place = 'cloud' | 'self-managed' | 'public only';

export interface CloudOptions extends ServerOptions {
  readonly airbyte?: AirbyteOptions;
  readonly place?: Place;
}

export interface CloudTest {
  readonly airbyte: FakeAirbyte;
  readonly server: TestServer;
  close(): Promise<void>;
}

export async function startCloud({ airbyte: options, place, ...rest }: CloudOptions = {}): Promise<CloudTest> {
  const airbyte = await startAirbyte(options);
  try {
    const environment = { ...cloudEnvironment(airbyte, place), ...rest.environment };
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

/** What a client's configuration would hold. */
export function cloudEnvironment(
  { settings, publicUrl, cloudUrl, configurationUrl }: FakeAirbyte,
  place: Place = 'self-managed',
): Record<string, string> {
  return {
    AIRBYTE_CLOUD_CLIENT_ID: settings.clientId,
    AIRBYTE_CLOUD_CLIENT_SECRET: settings.clientSecret,
    AIRBYTE_CLOUD_API_URL: place === 'self-managed' ? publicUrl : cloudUrl,
    ...(place === 'cloud' ? { AIRBYTE_CLOUD_CONFIG_API_URL: configurationUrl } : {}),
  };
}

/** Both modes of the cloud realm off: what only a person can set. */
export const UNGUARDED = { AIRBYTE_CLOUD_MCP_SAFE_MODE: '0', AIRBYTE_CLOUD_MCP_READONLY_MODE: '0' } as const;
export const READ_ONLY = { AIRBYTE_CLOUD_MCP_READONLY_MODE: '1' } as const;
