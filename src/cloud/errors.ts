/** Turns the status, the body or the missing response of Airbyte into an error with a next step. */
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

/** Redacts a text and then cuts it, so that no part of a secret is left at its end. */
export type Redact = (text: string) => string;

const LOOK_FIRST = 'Check with list_cloud_objects before you call again: a second call may do it twice.';

/** A reply with a status of failure. */
export interface Refusal {
  readonly status: number;
  /** The server's message in one line, redacted; '' where it sent nothing readable. */
  readonly message: string;
  /** The kind of problem, such as `unexpected-problem`, where the server names one. */
  readonly title?: string | undefined;
  /** Seconds after which the server asks for the next request. */
  readonly retryAfter?: number | undefined;
}

export interface RequestFacts {
  /** Whether an object may have been created in spite of the failure. */
  readonly creates?: boolean;
  /** Whether the request went to the configuration API, whose address may be wrong where that of the public API is right. */
  readonly configApi?: boolean;
  /** What the request was about: Airbyte refuses an unknown id in a different way for each. */
  readonly looksUp?: 'an id' | 'a job' | undefined;
  readonly isRead?: boolean;
}

/** @param operation in words, such as `GET /sources` */
export function refusalError(operation: string, refusal: Refusal, request: RequestFacts = {}): SluiceError {
  const { status, retryAfter } = refusal;
  const facts = refusalFacts(refusal);
  if (request.creates && status >= 500) return unknownOutcome(`Airbyte failed at it (HTTP ${status})`, facts);
  if (status === 401) return wrongCredentials(facts);
  if (isUnknownId(status, request)) return unknownId(operation, request.configApi ?? false, facts);
  if (status === 403) return forbidden(operation, request.looksUp !== undefined, facts);
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
      'Correct what airbyte_says reports and call again.',
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

function refusalFacts({ status, message }: Refusal): ErrorFacts {
  return { details: { status, ...(message ? { airbyte_says: message } : {}) } };
}

/** Airbyte sends 404 only to an instance administrator; others get 403, and 409 for a job, which then is not running. */
function isUnknownId(status: number, { isRead = false, looksUp }: RequestFacts): boolean {
  if (status === 404) return true;
  return isRead && ((status === 403 && looksUp !== undefined) || (status === 409 && looksUp === 'a job'));
}

function wrongCredentials(facts: ErrorFacts): SetupError {
  return new SetupError(
    'cloud_credentials',
    'Airbyte does not accept the credentials.',
    'A person must correct AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET (or AIRBYTE_CLOUD_BEARER_TOKEN), check that AIRBYTE_CLOUD_API_URL is the Airbyte that they belong to, and restart the server.',
    facts,
  );
}

function forbidden(operation: string, isAboutId: boolean, facts: ErrorFacts): SetupError {
  return new SetupError(
    'cloud_forbidden',
    isAboutId
      ? `There is no such id, or these credentials have no rights to it: ${operation}.`
      : `These credentials may not do this: ${operation}.`,
    'A person can give the application more rights in Airbyte; check_cloud_workspace shows what these credentials see.',
    facts,
  );
}

function unknownId(operation: string, configApi: boolean, facts: ErrorFacts): InputError {
  return new InputError(
    'cloud_not_found',
    `Airbyte has no such id, or these credentials have no rights to it (${operation}).`,
    configApi
      ? 'list_cloud_objects shows the ids that there are. Where the id is right, this is not the address of a configuration API: ask the person to correct AIRBYTE_CLOUD_CONFIG_API_URL and to restart the server.'
      : 'list_cloud_objects shows the ids that there are; the kind must fit the id.',
    facts,
  );
}

/** The problem in the body of a refusal, in one line, from any of the forms that Airbyte's two APIs use. */
export function problemIn(body: string, redact: Redact): Pick<Refusal, 'message' | 'title'> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { message: /^\s*</.test(body) ? 'a web page' : redact(body) };
  }
  if (!isObject(parsed)) return { message: redact(body) };
  const title = text(parsed.title);
  const data = isObject(parsed.data) ? parsed.data : {};
  const parts = [title, text(parsed.detail), text(parsed.message), text(data.message), ...fieldProblems(parsed)];
  const lines = [...new Set(parts.filter((part) => part !== ''))];
  return {
    message: redact(lines.length > 0 ? lines.join(': ') : body),
    title: /^[\w-]{1,60}$/.test(title) ? title : undefined,
  };
}

/** The problems of single fields of the request, as Micronaut or the configuration API reports them. */
function fieldProblems({ _embedded: embedded, validationErrors }: JsonObject): string[] {
  const errors = isObject(embedded) && Array.isArray(embedded.errors) ? embedded.errors : [];
  const messages = errors.filter(isObject).map(({ message }) => message);
  const fields = (Array.isArray(validationErrors) ? validationErrors : []).filter(isObject);
  return [
    ...messages,
    ...fields.map(({ propertyPath, message }) => `${propertyPath ?? ''} ${message ?? ''}`.trim()),
  ].filter((part) => typeof part === 'string');
}

/** No answer came, or not all of it. The cause is not passed on: a parser's error contains what the server sent. */
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
  return new UpstreamError(
    'cloud_outcome_unknown',
    `${why}: the operation may have been carried out.`,
    LOOK_FIRST,
    facts,
  );
}

export function tooLarge(address: string, what: string): LimitError {
  return new LimitError(
    'cloud_too_large',
    `${new URL(address).host} answered with ${what}, which is not read.`,
    'Request less, or ask the person to look at it in Airbyte.',
  );
}

export function badAnswer(address: string, reason: string): UpstreamError {
  return new UpstreamError(
    'cloud_bad_answer',
    `${new URL(address).host} answered with ${reason}.`,
    'Check that AIRBYTE_CLOUD_API_URL is the public API of an Airbyte, such as https://airbyte.example.com/api/public/v1, and that there is no proxy in between.',
  );
}

export function notConfigured(): SetupError {
  return new SetupError(
    'cloud_not_configured',
    'No credentials of an Airbyte are set.',
    'Ask the person to write AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET (in Airbyte: Settings, Applications) into the env file and to restart the server; for an Airbyte of their own AIRBYTE_CLOUD_API_URL too.',
  );
}

/** Airbyte could not discover the streams of a source. */
export function discoveryFailed(refusal: Refusal): UpstreamError {
  return new UpstreamError(
    'discovery_failed',
    'The source failed when Airbyte asked it for its streams.',
    'Correct what the connector reports in airbyte_says; check_cloud_connector with kind source tests the configuration.',
    refusalFacts(refusal),
  );
}

export function noTokens(address: string, status: number): UpstreamError {
  return new UpstreamError(
    'cloud_bad_answer',
    `${new URL(address).host} answered with HTTP ${status} where a token was requested.`,
    'Check that AIRBYTE_CLOUD_API_URL is the public API of an Airbyte, such as https://airbyte.example.com/api/public/v1. An Airbyte without authentication gives no tokens and takes any: then set AIRBYTE_CLOUD_BEARER_TOKEN to any word instead of client id and secret.',
  );
}

export function tokenFailed(refusal: Refusal): UpstreamError {
  return new UpstreamError(
    'cloud_failed',
    `Airbyte failed when a token was requested (HTTP ${refusal.status}).`,
    'Call again in a few minutes. If it fails again, a person must check AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET: with some login methods (OIDC) Airbyte answers wrong ones like this.',
    refusalFacts(refusal),
  );
}
