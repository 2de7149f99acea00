/** A fake Airbyte on loopback with a client, for the tests of this module. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type AirbyteOptions, type FakeAirbyte, startAirbyte } from '../../fixtures/airbyte/index.ts';
import { SluiceError } from '../errors.ts';
import { type OpenedCloud, openCloud } from '../test/harness/cloud-client.ts';

export const { signal: never } = new AbortController();

export interface CloudContext extends OpenedCloud {
  readonly airbyte: FakeAirbyte;
  /** `METHOD /path` of all requests so far but those for tokens, without the base. */
  sent(): string[];
}

/** @param environment laid over address, client id and client secret */
export async function openCloudContext(
  options: AirbyteOptions = {},
  environment: Record<string, string> = {},
): Promise<CloudContext> {
  const airbyte = await startAirbyte(options);
  onTestFinished(() => airbyte.close());
  const opened = openCloud({
    AIRBYTE_CLOUD_API_URL: airbyte.publicUrl,
    AIRBYTE_CLOUD_CLIENT_ID: airbyte.settings.clientId,
    AIRBYTE_CLOUD_CLIENT_SECRET: airbyte.settings.clientSecret,
    ...environment,
  });
  const lines = (): string[] =>
    airbyte.requests.map(({ method, path }) => `${method} ${path.replace(/^\/api(\/public)?\/v1/, '')}`);
  return { ...opened, airbyte, sent: () => lines().filter((line) => !line.endsWith('/applications/token')) };
}

/** Starts a server with this request listener. @returns its origin */
export async function startServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An origin on which nothing listens. */
export async function emptyOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** A client with a bearer token, for a server that is not an Airbyte. */
export function openOwn(origin: string, token = 'a-token-of-a-person-81'): OpenedCloud {
  return openCloud({ AIRBYTE_CLOUD_API_URL: origin, AIRBYTE_CLOUD_BEARER_TOKEN: token });
}

/** The error that the work fails with. @throws if the work succeeds */
export async function failureOf(work: Promise<unknown>): Promise<SluiceError> {
  const error = await work.then(
    (value) => new Error(`expected an error, got ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof SluiceError) return error;
  throw error;
}
