/** The token that requests carry: the person's own, or one that is fetched with the application's credentials and renewed in time. */
import * as z from 'zod';
import { SetupError, type SluiceError } from '../errors.ts';
import type { Credential, Vault } from '../secrets/index.ts';
import { badAnswer, noTokens, notConfigured, type Refusal, refusalError, tokenFailed } from './errors.ts';
import type { Send } from './exchange.ts';
import { repeated } from './repeat.ts';
import type { Urls } from './urls.ts';

export interface Tokens {
  /** @throws SetupError `cloud_not_configured`, `cloud_credentials`, and whatever a request may throw */
  get(): Promise<Credential>;
  /** Drops a token that Airbyte refused. @returns whether another one can be fetched */
  renew(refused: Credential): boolean;
}

const ACCESS_TOKEN = 'AIRBYTE_CLOUD_ACCESS_TOKEN';
const TIMEOUT_MS = 20_000;
/** A token is renewed when this share of its lifetime is left, at most a minute. */
const RENEWAL_SHARE = 0.15;
const MAX_RENEWAL_MS = 60_000;

/** What a header can carry. The error of an HTTP library would quote anything else. */
const SENDABLE = /^[\x20-\x7e]+$/;
/** A token without `expires_in` is used until Airbyte refuses it. */
const tokenAnswer = z.object({ access_token: z.string().regex(SENDABLE), expires_in: z.number().nullish() });

interface FetchedToken {
  readonly token: Credential;
  /** When to fetch another one, in milliseconds since 1970. */
  readonly renewAt: number;
}

interface CachedToken {
  readonly token: Promise<Credential>;
  /** Absent while the token is being fetched. */
  fetched?: FetchedToken;
}

type TokenUrls = Pick<Urls, 'addresses' | 'moveToRoot'>;
/** Fetches a token with a client id and a client secret. */
type FetchToken = (id: Credential, secret: Credential) => Promise<FetchedToken>;

export function createTokens(vault: Vault, urls: TokenUrls, send: Send): Tokens {
  let cached: CachedToken | undefined;
  const personal = vault.credential('AIRBYTE_CLOUD_BEARER_TOKEN');
  const fetchToken = tokenFetcher(vault, urls, send);

  /** Concurrent calls share the token that is being fetched; a failure is not cached. */
  const startFetching = (id: Credential, secret: Credential): CachedToken => {
    const fetching = fetchToken(id, secret);
    const started: CachedToken = { token: fetching.then(({ token }) => token) };
    fetching.then(
      (fetched) => {
        started.fetched = fetched;
      },
      () => {
        if (cached === started) cached = undefined;
      },
    );
    return started;
  };

  return {
    async get() {
      if (personal) return personal.use((token) => (SENDABLE.test(token) ? personal : Promise.reject(unsendable())));
      const id = vault.credential('AIRBYTE_CLOUD_CLIENT_ID');
      const secret = vault.credential('AIRBYTE_CLOUD_CLIENT_SECRET');
      if (!id || !secret) throw notConfigured();
      if (!cached || (cached.fetched && Date.now() >= cached.fetched.renewAt)) cached = startFetching(id, secret);
      return cached.token;
    },
    renew(refused) {
      if (personal) return false;
      // Another call may have renewed it already, or be about to.
      if (cached?.fetched?.token === refused) cached = undefined;
      return true;
    },
  };
}

function tokenFetcher(vault: Vault, urls: TokenUrls, send: Send): FetchToken {
  const fetchToken: FetchToken = async (id, secret) => {
    const address = `${urls.addresses().api}/applications/token`;
    const request = { method: 'POST', address, timeoutMs: TIMEOUT_MS, creates: false } as const;
    const reply = await repeated('read', undefined, () =>
      id.use((client_id) =>
        secret.use((client_secret) =>
          send({ ...request, body: { client_id, client_secret, grant_type: 'client_credentials' } }),
        ),
      ),
    );
    if (!reply.ok) {
      if (isMissing(reply) && urls.moveToRoot()) return fetchToken(id, secret);
      throw tokenError(reply, address);
    }
    const parsed = tokenAnswer.safeParse(reply.value);
    if (!parsed.success) throw badAnswer(address, 'no access token');
    const { access_token: token, expires_in: seconds } = parsed.data;
    return { token: vault.protect(ACCESS_TOKEN, token), renewAt: renewalTime(seconds) };
  };
  return fetchToken;
}

function renewalTime(lifetimeSeconds: number | null | undefined): number {
  const lifetimeMs = (lifetimeSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  return Date.now() + lifetimeMs - Math.min(lifetimeMs * RENEWAL_SHARE, MAX_RENEWAL_MS);
}

/** Whether the server has no such endpoint. */
function isMissing({ status }: Refusal): boolean {
  return status === 404 || status === 405;
}

function tokenError(refusal: Refusal, address: string): SluiceError {
  const { status } = refusal;
  if (isMissing(refusal)) return noTokens(address, status);
  if (status === 500) return tokenFailed(refusal);
  // Depending on how an Airbyte logs its users in, wrong credentials are 400, 401 or 403.
  const isCredentials = status < 500 && status !== 429;
  return refusalError('POST /applications/token', isCredentials ? { ...refusal, status: 401 } : refusal);
}

function unsendable(): SetupError {
  return new SetupError(
    'cloud_credentials',
    'AIRBYTE_CLOUD_BEARER_TOKEN holds a line break or another character that no token has.',
    'A person must write the complete token again, in one line, and restart the server.',
  );
}
