/** One request and its complete answer, limited in time and size. Redirects are not followed: they would carry the token along. */
import { startDeadline, unlessAborted } from '../deadline.ts';
import { abortError, systemCode } from '../errors.ts';
import { badAnswer, lostError, problemIn, type Redact, type Refusal, tooLarge, unknownOutcome } from './errors.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly address: string;
  readonly body?: object | undefined;
  readonly token?: string | undefined;
  /** Milliseconds for the complete answer. */
  readonly timeoutMs: number;
  /** Whether each such request makes something new: a lost answer leaves open whether it did. */
  readonly creates: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type Reply = { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & Refusal);

/** @throws UpstreamError if no usable answer came; LimitError `cloud_too_large`; the signal's own reason when cancelled */
export type Send = (request: Exchange) => Promise<Reply>;

const MAX_BYTES = 48_000_000;

/** @param redact for the server's error texts, which may quote the request with its secrets */
export function createSend(userAgent: string, redact: Redact): Send {
  return async (request) => {
    const { address, creates } = request;
    const { response, text } = await fetchAll(request, userAgent);
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      throw badAnswer(address, `a redirect to ${hostOf(headers.get('location'), address)}, which is not followed`);
    }
    if (!response.ok) {
      const retryAfter = secondsOf(headers.get('retry-after'));
      return { ok: false, status, ...problemIn(text, redact), retryAfter };
    }
    if (text === '') return { ok: true, value: undefined };
    try {
      return { ok: true, value: JSON.parse(text) };
    } catch {
      const what = /^\s*</.test(text) ? 'a web page' : 'something that is not JSON';
      throw creates ? unknownOutcome(`${new URL(address).host} answered with ${what}`) : badAnswer(address, what);
    }
  };
}

async function fetchAll(
  { address, method, body, token, timeoutMs, creates, signal }: Exchange,
  userAgent: string,
): Promise<{ response: Response; text: string }> {
  const deadline = startDeadline(signal, timeoutMs);
  const exchange = async (): Promise<{ response: Response; text: string }> => {
    const response = await fetch(address, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: deadline.signal,
    });
    return { response, text: await bounded(response) };
  };
  try {
    // On a broken compressed body, Node's fetch never settles, even when its signal aborts.
    return await unlessAborted(exchange(), deadline.signal);
  } catch (error) {
    if (signal?.aborted) throw abortError(signal);
    if (error instanceof TooLarge) {
      const what = `more than ${MAX_BYTES / 1_000_000} MB`;
      throw creates ? unknownOutcome(`${new URL(address).host} answered with ${what}`) : tooLarge(address, what);
    }
    throw lostError(address, error, { timedOut: deadline.over(), mayBeDone: creates && !wasNeverSent(error) });
  } finally {
    deadline.clear();
  }
}

class TooLarge extends Error {}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Codes of the system, of fetch and of TLS for a connection that was never made. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
]);
/** OpenSSL and Node form a family of codes with each of these. */
const NOT_CONNECTED_FAMILIES = ['CERT_', 'UNABLE_TO_', 'ERR_TLS_', 'ERR_SSL_'];

/** Whether the connection was never made, so that the request cannot have had an effect. */
function wasNeverSent(error: unknown): boolean {
  const code = error instanceof Error ? systemCode(error.cause) : undefined;
  if (code === undefined) return false;
  return NOT_CONNECTED.has(code) || NOT_CONNECTED_FAMILIES.some((family) => code.startsWith(family));
}

function hostOf(location: string | null, address: string): string {
  return location !== null && URL.canParse(location, address) ? new URL(location, address).host : 'another address';
}

/** Seconds or a date, as HTTP allows both. */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
