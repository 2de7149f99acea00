/** The token that requests carry: a person's own, or one that is fetched for the application's credentials and renewed in time. */
import * as z from 'zod';
import { SetupError } from '../errors.ts';
import type { Credential, Vault } from '../secrets/index.ts';
import { badAnswer, refusalError } from './errors.ts';
import { exchange } from './exchange.ts';
import { repeated } from './repeat.ts';

export interface Tokens {
  /** @throws SetupError `cloud_not_configured`, `cloud_credentials` */
  get(): Promise<Credential>;
  /** Airbyte refused this one. @returns whether there can be another */
  renew(refused: Credential): boolean;
}

const ACCESS_TOKEN = 'AIRBYTE_CLOUD_ACCESS_TOKEN';
const TIMEOUT_MS = 20_000;
/** Renewed when so much of its life is left, at most a minute. */
const LEFT = 0.15;
const MOST_LEFT_MS = 60_000;

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().optional() });

export function createTokens(vault: Vault, apiUrl: () => string, userAgent: string): Tokens {
  let held: { token: Promise<Credential>; endsAt: number } | undefined;
  let latest: Credential | undefined;
  const own = vault.credential('AIRBYTE_CLOUD_BEARER_TOKEN');

  const fetchToken = async (id: Credential, secret: Credential): Promise<{ token: Credential; endsAt: number }> => {
    const address = `${apiUrl()}/applications/token`;
    const answered = await repeated('read', undefined, () =>
      id.use((client_id) =>
        secret.use((client_secret) =>
          exchange({
            method: 'POST',
            address,
            body: { client_id, client_secret, grant_type: 'client_credentials' },
            userAgent,
            timeoutMs: TIMEOUT_MS,
            isDeed: false,
          }),
        ),
      ),
    );
    // Some answer wrong credentials with 400 or 403.
    if (!answered.ok) {
      const refused = answered.status >= 400 && answered.status < 500 && ![404, 429].includes(answered.status);
      throw refusalError('POST /applications/token', refused ? { ...answered, status: 401 } : answered);
    }
    const parsed = tokenAnswer.safeParse(answered.value);
    if (!parsed.success) throw badAnswer(address, 'no access token');
    const lifeMs = (parsed.data.expires_in ?? 0) * 1000;
    const endsAt = Date.now() + lifeMs - Math.min(lifeMs * LEFT, MOST_LEFT_MS);
    return { token: vault.protect(ACCESS_TOKEN, parsed.data.access_token), endsAt };
  };

  return {
    async get() {
      if (own) return own;
      const id = vault.credential('AIRBYTE_CLOUD_CLIENT_ID');
      const secret = vault.credential('AIRBYTE_CLOUD_CLIENT_SECRET');
      if (!id || !secret) throw notConfigured();
      if (!held || Date.now() >= held.endsAt) {
        const fetched = fetchToken(id, secret);
        const mine = { token: fetched.then(({ token }) => token), endsAt: Number.POSITIVE_INFINITY };
        held = mine;
        // Calls that come meanwhile share this one; a failure is not kept.
        fetched.then(
          ({ token, endsAt }) => {
            mine.endsAt = endsAt;
            latest = token;
          },
          () => {
            if (held === mine) held = undefined;
          },
        );
      }
      return held.token;
    },
    renew(refused) {
      if (own) return false;
      if (latest === refused) held = undefined;
      return latest !== undefined;
    },
  };
}

export function notConfigured(): SetupError {
  return new SetupError(
    'cloud_not_configured',
    'No credentials of an Airbyte are set.',
    'Ask the person to write AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET (in Airbyte: Settings, Applications) into the env file and to restart the server; for an Airbyte of their own AIRBYTE_CLOUD_API_URL too.',
  );
}
