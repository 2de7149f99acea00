/** One request and its whole answer, with limits of time and size; redirects are not followed, for a token would go along. */

import { startDeadline, unlessAborted } from '../deadline.ts';
import { abortError, systemCode } from '../errors.ts';
import { badAnswer, lostError, type Redact, type Refusal, saidIn, tooLarge, unknownOutcome } from './errors.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly address: string;
  readonly body?: object | undefined;
  readonly token?: string | undefined;
  /** Milliseconds for the whole answer. */
  readonly timeoutMs: number;
  /** Whether each such request makes something new: a lost answer leaves open whether it did. */
  readonly creates: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type Answered = { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & Refusal);

/** @throws UpstreamError where no usable answer came; LimitError `cloud_too_large`; the signal's own reason when cancelled */
export type Send = (request: Exchange) => Promise<Answered>;

const MAX_BYTES = 48_000_000;

/** @param seal for what a server says, which may quote the request with its secrets */
export function createSend(userAgent: string, seal: Redact): Send {
  return async (request) => {
    const { address, creates } = request;
    const { response, text } = await fetchWhole(request, userAgent);
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      throw badAnswer(address, `a redirect to ${hostOf(headers.get('location'), address)}, which is not followed`);
    }
    if (!response.ok) {
      const retryAfter = secondsOf(headers.get('retry-after'));
      return { ok: false, status, ...saidIn(text, seal), retryAfter };
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

async function fetchWhole(
  { address, method, body, token, timeoutMs, creates, signal }: Exchange,
  userAgent: string,
): Promise<{ response: Response; text: string }> {
  const deadline = startDeadline(signal, timeoutMs);
  const whole = async (): Promise<{ response: Response; text: string }> => {
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
    // Node's fetch itself never ends, whatever its signal says, where a compressed body is broken.
    return await unlessAborted(whole(), deadline.signal);
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

const NO_CONNECTION =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|.*SELF_SIGNED.*|UNABLE_TO_.*|ERR_TLS_.*|ERR_SSL_.*)$/;

/** The connection was never made: nothing can have happened. */
function wasNeverSent(error: unknown): boolean {
  return error instanceof Error && NO_CONNECTION.test(systemCode(error.cause) ?? '');
}

function hostOf(location: string | null, address: string): string {
  return location !== null && URL.canParse(location, address) ? new URL(location, address).host : 'another place';
}

/** Seconds or a date, as HTTP allows both. */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
