/** When a request may be sent again, and after which pause. */
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, SluiceError } from '../errors.ts';
import type { Refusal } from './errors.ts';
import type { Reply } from './exchange.ts';

/** `read` and `change` may be repeated; `create` never is, because each request would make another object. */
export type Retry = 'read' | 'change' | 'create';

const TRIES = 4;
/** No retry starts after this time, so that slow failures do not add up. */
const TRYING_MS = 30_000;
const FIRST_PAUSE_MS = 400;
/** For a longer pause the error is reported, and the caller decides. */
const MAX_PAUSE_MS = 20_000;

/** Error codes after which the same request may succeed. */
const PASSING_CODES: ReadonlySet<string> = new Set(['cloud_unreachable', 'cloud_timeout']);

/** Repeats a request that failed for a passing reason, after a pause that grows and varies. */
export async function repeated(
  retry: Retry,
  signal: AbortSignal | undefined,
  once: () => Promise<Reply>,
  isFinal: (refusal: Refusal) => boolean = () => false,
): Promise<Reply> {
  const startedAt = Date.now();
  for (let attempt = 1; ; attempt += 1) {
    let pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
    const isLast = (): boolean =>
      retry === 'create' || attempt === TRIES || pauseMs > MAX_PAUSE_MS || Date.now() + pauseMs > startedAt + TRYING_MS;
    try {
      const reply = await once();
      const passing = !reply.ok && (reply.status === 429 || reply.status >= 500) && !isFinal(reply);
      if (!passing) return reply;
      if (reply.retryAfter !== undefined) pauseMs = Math.max(reply.retryAfter * 1000, pauseMs / 4);
      if (isLast()) return reply;
    } catch (error) {
      const passing = error instanceof SluiceError && PASSING_CODES.has(error.code);
      if (!passing || isLast() || signal?.aborted) throw error;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
    if (signal?.aborted) throw abortError(signal);
  }
}
