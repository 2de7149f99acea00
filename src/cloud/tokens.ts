/** The token that requests carry: a person's own, or one that is fetched for the application's credentials and renewed in time. */
import * as z from 'zod';
import { SetupError } from '../errors.ts';
import type { Credential, Vault } from '../secrets/index.ts';
import { badAnswer, noTokens, notConfigured, refusalError, tokenFailed } from './errors.ts';
import type { Send } from './exchange.ts';
import { repeated } from './repeat.ts';
import type { Urls } from './urls.ts';

export interface Tokens {
  /** @throws SetupError `cloud_not_configured`, `cloud_credentials`, and whatever a request may throw */
  get(): Promise<Credential>;
  /** Airbyte refused this one. @returns whether there can be another */
  renew(refused: Credential): boolean;
}

const ACCESS_TOKEN = 'AIRBYTE_CLOUD_ACCESS_TOKEN';
const TIMEOUT_MS = 20_000;
/** Renewed when so much of its life is left, at most a minute. */
const LEFT = 0.15;
const MAX_LEFT_MS = 60_000;

/** What a header can carry: anything else would be quoted by the error of whoever sends it. */
const SENDABLE = /^[\x20-\x7e]+$/;
/** Without `expires_in` it is used until it is refused. */
const tokenAnswer = z.object({ access_token: z.string().regex(SENDABLE), expires_in: z.number().nullish() });

interface Held {
  readonly token: Promise<Credential>;
  /** Absent while it is fetched. */
  fetched?: { readonly token: Credential; readonly endsAt: number };
}

export function createTokens(vault: Vault, urls: Pick<Urls, 'addresses' | 'moveToRoot'>, send: Send): Tokens {
  let held: Held | undefined;
  const own = vault.credential('AIRBYTE_CLOUD_BEARER_TOKEN');

  const fetchToken = async (id: Credential, secret: Credential): Promise<NonNullable<Held['fetched']>> => {
    const address = `${urls.addresses().api}/applications/token`;
    const request = { method: 'POST', address, timeoutMs: TIMEOUT_MS, creates: false } as const;
    const answered = await repeated('read', undefined, () =>
      id.use((client_id) =>
        secret.use((client_secret) =>
          send({ ...request, body: { client_id, client_secret, grant_type: 'client_credentials' } }),
        ),
      ),
    );
    if (!answered.ok) {
      const { status } = answered;
      const isNowhere = status === 404 || status === 405;
      if (isNowhere && urls.moveToRoot()) return fetchToken(id, secret);
      if (isNowhere) throw noTokens(address, status);
      // Wrong credentials are 400, 401 or 403 of different set-ups of login, and 500 of one.
      const refused = status < 500 && status !== 429;
      if (status === 500) throw tokenFailed(answered);
      throw refusalError('POST /applications/token', refused ? { ...answered, status: 401 } : answered);
    }
    const parsed = tokenAnswer.safeParse(answered.value);
    if (!parsed.success) throw badAnswer(address, 'no access token');
    const lifeMs = (parsed.data.expires_in ?? Number.POSITIVE_INFINITY) * 1000;
    const endsAt = Date.now() + lifeMs - Math.min(lifeMs * LEFT, MAX_LEFT_MS);
    return { token: vault.protect(ACCESS_TOKEN, parsed.data.access_token), endsAt };
  };

  /** Calls that come while it is fetched share it; a failure is not kept. */
  const hold = (id: Credential, secret: Credential): Held => {
    const fetching = fetchToken(id, secret);
    const mine: Held = { token: fetching.then(({ token }) => token) };
    fetching.then(
      (fetched) => {
        mine.fetched = fetched;
      },
      () => {
        if (held === mine) held = undefined;
      },
    );
    return mine;
  };

  return {
    async get() {
      if (own) return own.use((token) => (SENDABLE.test(token) ? own : Promise.reject(unsendable())));
      const id = vault.credential('AIRBYTE_CLOUD_CLIENT_ID');
      const secret = vault.credential('AIRBYTE_CLOUD_CLIENT_SECRET');
      if (!id || !secret) throw notConfigured();
      if (!held || (held.fetched && Date.now() >= held.fetched.endsAt)) held = hold(id, secret);
      return held.token;
    },
    renew(refused) {
      if (own) return false;
      // Another call may have renewed it already, or be about to.
      if (held?.fetched?.token === refused) held = undefined;
      return true;
    },
  };
}

function unsendable(): SetupError {
  return new SetupError(
    'cloud_credentials',
    'AIRBYTE_CLOUD_BEARER_TOKEN holds a line break or another character that no token has.',
    'A person must write it again, whole and in one line, and restart the server.',
  );
}
