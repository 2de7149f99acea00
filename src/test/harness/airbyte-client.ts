/** Plain requests to an Airbyte, for the tests of the fake one: no retry, no schema, nothing hidden. */
import type { FakeAirbyte, Fields } from '../../../fixtures/airbyte/index.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly body: Fields & { data: Fields[] };
}

export type Request = (method: string, path: string, body?: unknown) => Promise<Reply>;

/** @param base such as `airbyte.cloudUrl`, or a proxy before it */
export function requester(base: string, token: string): Request {
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${base}${path}`, { method, headers, redirect: 'manual', ...sent });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: json(text) as Reply['body'] };
  };
}

/** With the token that never ends: the public API and the configuration API. */
export function clientsOf(airbyte: FakeAirbyte): { api: Request; config: Request } {
  const { cloudUrl, configurationUrl, settings } = airbyte;
  return { api: requester(cloudUrl, settings.bearerToken), config: requester(configurationUrl, settings.bearerToken) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
