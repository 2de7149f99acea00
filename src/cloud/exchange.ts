/** One request and its whole answer, with limits of time and size; redirects are not followed, for a token would go along. */
import { abortError } from '../errors.ts';
import { isObject } from '../protocol/index.ts';
import { badAnswer, lostError, type Refusal, saidIn } from './errors.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly address: string;
  readonly body?: object | undefined;
  readonly token?: string | undefined;
  readonly userAgent: string;
  readonly timeoutMs: number;
  /** Whether the server may have done something by the time an answer is lost. */
  readonly isDeed: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type Answered = { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & Refusal);

const MOST_BYTES = 48_000_000;

/** @throws UpstreamError where no usable answer came; the signal's own reason when cancelled */
export async function exchange(request: Exchange): Promise<Answered> {
  const { address, method, body, signal } = request;
  const timeout = AbortSignal.timeout(request.timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(address, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        'user-agent': request.userAgent,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    text = await bounded(response);
  } catch (error) {
    if (signal?.aborted) throw abortError(signal);
    throw lostError(address, timeout.aborted ? timeout.reason : error, request.isDeed && !wasNeverSent(error));
  }
  if (response.status >= 300 && response.status < 400) {
    const to = response.headers.get('location') ?? '';
    const host = URL.canParse(to, address) ? new URL(to, address).host : 'another place';
    throw badAnswer(address, `a redirect to ${host}, which is not followed`);
  }
  if (!response.ok) {
    const retryAfter = secondsOf(response.headers.get('retry-after'));
    return { ok: false, status: response.status, said: saidIn(text), retryAfter };
  }
  if (text === '') return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    throw badAnswer(address, /^\s*</.test(text) ? 'a web page' : 'something that is not JSON');
  }
}

class TooLarge extends Error {}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new TooLarge(`more than ${MOST_BYTES / 1e6} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The connection was never made: nothing can have happened. */
function wasNeverSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = isObject(cause) ? (cause as { code?: unknown }).code : undefined;
  return (
    typeof code === 'string' &&
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|.*SELF_SIGNED.*|UNABLE_TO_.*)$/.test(
      code,
    )
  );
}

/** Seconds or a date, as HTTP allows both. */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
