/**
 * The expected errors, in one class for each thing that the reader can do about them:
 * InputError: change the call. SetupError: a person changes the machine or the settings. RefusedError: a person changes the mode.
 * ConnectorError: read the connector's message. UpstreamError: check the remote service. LimitError: ask for less, or call again.
 *
 * Each error has a stable `code`, such as `unknown_source`: clients and tests may depend on it, and `docs/troubleshooting.md`
 * lists them. `message` says what went wrong with which value, and `next` the one thing to do.
 */
import type { ErrorCode, ErrorKind } from './error-codes/index.ts';

export type { ErrorCode } from './error-codes/index.ts';

/** One problem of an input: its path, what is wrong, and what to write instead. */
export interface Problem {
  /** Path inside the input, such as `config.credentials.api_key` or `streams[0]`. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** Additional facts of an error; every string in them is redacted before it is shown. */
export interface ErrorFacts {
  readonly problems?: readonly Problem[];
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Names that resemble a wrong one, as facts of its error; empty where there are none. */
export function nearFacts(near: readonly string[]): ErrorFacts {
  return near.length > 0 ? { details: { near } } : {};
}

/** Base of all expected errors. Anything else that is thrown is a bug. */
export abstract class SluiceError extends Error {
  abstract readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly next: string;
  readonly problems: readonly Problem[];
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, next: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.next = next;
    this.problems = facts.problems ?? [];
    this.details = facts.details ?? {};
  }
}

/** The call is wrong, and the caller can correct it. */
export class InputError extends SluiceError {
  override readonly name = 'InputError';
  readonly kind = 'input';
}

/** The machine or the settings are wrong, and a person can correct them. */
export class SetupError extends SluiceError {
  override readonly name = 'SetupError';
  readonly kind = 'setup';
}

/** Policy forbids it; `next` names the mode and how a person lifts it. */
export class RefusedError extends SluiceError {
  override readonly name = 'RefusedError';
  readonly kind = 'refused';
}

/** The connector failed; `details` has its message, the redacted tail of its stderr and its exit code. */
export class ConnectorError extends SluiceError {
  override readonly name = 'ConnectorError';
  readonly kind = 'connector';
}

/** A remote service answered badly or not at all. */
export class UpstreamError extends SluiceError {
  override readonly name = 'UpstreamError';
  readonly kind = 'upstream';
}

/** A cap, a deadline or a cancellation ended the work. */
export class LimitError extends SluiceError {
  override readonly name = 'LimitError';
  readonly kind = 'limit';
}

/** The system's error code (`ENOENT`, `EACCES`…), or undefined when the thrown value has none. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The error of a cancelled or overdue signal: its own reason where that is one of ours. */
export function abortError(signal: AbortSignal): SluiceError {
  if (signal.reason instanceof SluiceError) return signal.reason;
  return new LimitError('cancelled', 'The call was cancelled.', 'Call again when you want the work done.');
}

/** The error of work that waits, or would begin, while the server shuts down. */
export function serverEnds(): LimitError {
  return new LimitError('server_ended', 'The server is shutting down.', 'Start the server again and repeat the call.');
}

/** A sentence about any thrown value, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Codes of Node's TLS for a chain of certificates that this machine does not trust. */
const UNTRUSTED_CERTIFICATE: ReadonlySet<string> = new Set([
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What a person does about a server whose certificate this machine does not trust, as behind a company's proxy; undefined for other failures. */
export function certificateFix(error: unknown): string | undefined {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return UNTRUSTED_CERTIFICATE.has(systemCode(cause) ?? '')
    ? "Set NODE_EXTRA_CA_CERTS and SSL_CERT_FILE, in the environment that the client starts the server with, to the file with your network's certificates, and restart it."
    : undefined;
}
