/** What an Airbyte says by status, body or silence, as an error that tells its reader what to do. */
import {
  certificateFix,
  type ErrorFacts,
  InputError,
  LimitError,
  messageOf,
  SetupError,
  type SluiceError,
  systemCode,
  UpstreamError,
} from '../errors.ts';
import { isObject, type JsonObject } from '../protocol/index.ts';

/** Seals a text and cuts it after that, so that no half of a secret stays at its end. */
export type Redact = (text: string) => string;

const LOOK_FIRST = 'Look with list_cloud_objects before you call again: a second call may do it twice.';

export interface Refusal {
  readonly status: number;
  /** What the server said, as far as it is readable. */
  readonly said: string;
  /** The kind of problem, such as `unexpected-problem`, where it was told. */
  readonly title?: string | undefined;
  /** Seconds after which it wants to be asked again. */
  readonly retryAfter?: number | undefined;
}

export interface Asked {
  /** Whether something may have been made all the same. */
  readonly creates?: boolean;
  /** Whether the configuration API was asked, whose address may be wrong where the other one's is right. */
  readonly configApi?: boolean;
  /** What the request was about: Airbyte refuses an id that leads nowhere in other words for each. */
  readonly looksUp?: 'an id' | 'a job' | undefined;
  readonly isRead?: boolean;
}

/** @param what the operation in words, such as `GET /sources` */
export function refusalError(
  what: string,
  { status, said, retryAfter }: Refusal,
  { creates = false, configApi = false, looksUp, isRead = false }: Asked = {},
): SluiceError {
  const facts = { details: { status, ...(said ? { airbyte_says: said } : {}) } };
  if (creates && status >= 500) {
    return unknownOutcome(`Airbyte failed at it (HTTP ${status})`, facts);
  }
  if (status === 401) {
    return new SetupError(
      'cloud_credentials',
      'Airbyte does not accept the credentials.',
      'A person must correct AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET (or AIRBYTE_CLOUD_BEARER_TOKEN), see to it that AIRBYTE_CLOUD_API_URL is the Airbyte that they belong to, and restart the server.',
      facts,
    );
  }
  // Only an instance administrator hears 404; a job that does not exist is none that runs.
  const isUnknown =
    status === 404 || (isRead && ((status === 403 && looksUp) || (status === 409 && looksUp === 'a job')));
  if (status === 403 && !isUnknown) {
    return new SetupError(
      'cloud_forbidden',
      looksUp
        ? `There is no such id, or these credentials have no rights to it: ${what}.`
        : `These credentials may not do this: ${what}.`,
      'A person can give the application more rights in Airbyte; check_cloud_workspace shows what these credentials see.',
      facts,
    );
  }
  if (isUnknown) {
    return new InputError(
      'cloud_not_found',
      `Airbyte has no such id, or these credentials have no rights to it (${what}).`,
      configApi
        ? 'list_cloud_objects shows the ids that there are. Where the id is right, this is not the address of a configuration API: ask the person to correct AIRBYTE_CLOUD_CONFIG_API_URL and to restart the server.'
        : 'list_cloud_objects shows the ids that there are; the kind must fit the id.',
      facts,
    );
  }
  if (status === 409) {
    return new UpstreamError(
      'cloud_conflict',
      'Conflict: another job runs on it, or it is locked or inactive.',
      'Wait for the job or cancel it (get_cloud_job, cancel_cloud_job); describe_cloud_object shows the status. Then call again.',
      facts,
    );
  }
  if (status === 429) {
    const wait = retryAfter === undefined ? 'a minute' : `${Math.ceil(retryAfter)} seconds`;
    return new LimitError(
      'cloud_rate_limited',
      'Airbyte has had too many requests.',
      `Call again after ${wait}.`,
      facts,
    );
  }
  if (status < 500) {
    return new InputError(
      'cloud_rejected',
      `Airbyte rejected the request (HTTP ${status}).`,
      'Correct what it says in airbyte_says and call again.',
      facts,
    );
  }
  return new UpstreamError(
    'cloud_failed',
    `Airbyte failed at it (HTTP ${status}).`,
    'Call again in a few minutes.',
    facts,
  );
}

/** A problem in one line, from any of the shapes in which Airbyte's two APIs put it. */
export function saidIn(body: string, seal: Redact): Pick<Refusal, 'said' | 'title'> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { said: /^\s*</.test(body) ? 'a web page' : seal(body) };
  }
  if (!isObject(parsed)) return { said: seal(body) };
  const title = text(parsed.title);
  const data = isObject(parsed.data) ? parsed.data : {};
  const parts = [title, text(parsed.detail), text(parsed.message), text(data.message), ...fieldProblems(parsed)];
  const lines = [...new Set(parts.filter((part) => part !== ''))];
  return {
    said: seal(lines.length > 0 ? lines.join(': ') : body),
    title: /^[\w-]{1,60}$/.test(title) ? title : undefined,
  };
}

/** What is wrong with the body, field by field: in Micronaut's words, and in those of the configuration API. */
function fieldProblems({ _embedded: embedded, validationErrors }: JsonObject): string[] {
  const errors = isObject(embedded) && Array.isArray(embedded.errors) ? embedded.errors : [];
  const said = errors.filter(isObject).map(({ message }) => message);
  const fields = (Array.isArray(validationErrors) ? validationErrors : []).filter(isObject);
  return [
    ...said,
    ...fields.map(({ propertyPath, message }) => `${propertyPath ?? ''} ${message ?? ''}`.trim()),
  ].filter((part) => typeof part === 'string');
}

/** No answer came, or none to the end. The cause is not handed on: a parser's error holds what the server sent. */
export function lostError(
  address: string,
  error: unknown,
  { timedOut, mayBeDone }: { readonly timedOut: boolean; readonly mayBeDone: boolean },
): SluiceError {
  const { host } = new URL(address);
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const reason = timedOut ? 'no answer in time' : (systemCode(cause) ?? messageOf(cause));
  if (mayBeDone) return unknownOutcome(`The answer of ${host} was lost (${reason})`);
  return new UpstreamError(
    timedOut ? 'cloud_timeout' : 'cloud_unreachable',
    `${host} ${timedOut ? 'did not answer in time' : `cannot be reached (${reason})`}.`,
    certificateFix(error) ?? 'Check the network and AIRBYTE_CLOUD_API_URL, then call again.',
  );
}

/** @param why the beginning of a sentence, without its end */
export function unknownOutcome(why: string, facts: ErrorFacts = {}): UpstreamError {
  return new UpstreamError('cloud_outcome_unknown', `${why}: the deed may be done.`, LOOK_FIRST, facts);
}

export function tooLarge(address: string, what: string): LimitError {
  return new LimitError(
    'cloud_too_large',
    `${new URL(address).host} answered with ${what}, which is not read.`,
    'Ask for less, or ask the person to look at it in Airbyte.',
  );
}

export function badAnswer(address: string, reason: string): UpstreamError {
  return new UpstreamError(
    'cloud_bad_answer',
    `${new URL(address).host} answered with ${reason}.`,
    'Check that AIRBYTE_CLOUD_API_URL is the public API of an Airbyte, such as https://airbyte.example.com/api/public/v1, and that no proxy stands in between.',
  );
}

export function notConfigured(): SetupError {
  return new SetupError(
    'cloud_not_configured',
    'No credentials of an Airbyte are set.',
    'Ask the person to write AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET (in Airbyte: Settings, Applications) into the env file and to restart the server; for an Airbyte of their own AIRBYTE_CLOUD_API_URL too.',
  );
}

/** The source cannot say which streams it has. */
export function discoveryFailed({ status, said }: Refusal): UpstreamError {
  return new UpstreamError(
    'discovery_failed',
    'The source failed when Airbyte asked it for its streams.',
    'Correct what the connector says in airbyte_says; check_cloud_connector with kind source tests the configuration.',
    { details: { status, ...(said ? { airbyte_says: said } : {}) } },
  );
}

export function noTokens(address: string, status: number): UpstreamError {
  return new UpstreamError(
    'cloud_bad_answer',
    `${new URL(address).host} answered with HTTP ${status} where a token was asked for.`,
    'Check that AIRBYTE_CLOUD_API_URL is the public API of an Airbyte, such as https://airbyte.example.com/api/public/v1. An Airbyte without authentication gives no tokens and takes any: then set AIRBYTE_CLOUD_BEARER_TOKEN to any word, in the place of client id and secret.',
  );
}

export function tokenFailed({ status, said }: Refusal): UpstreamError {
  return new UpstreamError(
    'cloud_failed',
    `Airbyte failed when a token was asked for (HTTP ${status}).`,
    'Call again in a few minutes. Where it stays so, a person must check AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET: with some set-ups of login (OIDC) Airbyte answers wrong ones in this way.',
    { details: { status, ...(said ? { airbyte_says: said } : {}) } },
  );
}
