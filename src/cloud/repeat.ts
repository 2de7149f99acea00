/** When a request may be sent again, and after which pause. */
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, SluiceError } from '../errors.ts';
import type { Refusal } from './errors.ts';
import type { Answered } from './exchange.ts';

/** `read` and `change` may be repeated, `create` never: each time it would make another one. */
export type Retry = 'read' | 'change' | 'create';

const TRIES = 4;
/** After so long no further try begins: slow failures are told, not added up. */
const TRYING_MS = 30_000;
const FIRST_PAUSE_MS = 400;
/** A longer wait is the caller's to decide. */
const MAX_PAUSE_MS = 20_000;

/** Repeats what failed for a passing reason, after a pause that grows and varies. */
export async function repeated(
  retry: Retry,
  signal: AbortSignal | undefined,
  once: () => Promise<Answered>,
  isFinal: (refusal: Refusal) => boolean = () => false,
): Promise<Answered> {
  const startedAt = Date.now();
  for (let attempt = 1; ; attempt += 1) {
    let pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
    const isLast = (): boolean =>
      retry === 'create' || attempt === TRIES || pauseMs > MAX_PAUSE_MS || Date.now() + pauseMs > startedAt + TRYING_MS;
    try {
      const answered = await once();
      const passing = !answered.ok && (answered.status === 429 || answered.status >= 500) && !isFinal(answered);
      if (!passing) return answered;
      if (answered.retryAfter !== undefined) pauseMs = Math.max(answered.retryAfter * 1000, pauseMs / 4);
      if (isLast()) return answered;
    } catch (error) {
      const passing = error instanceof SluiceError && /^cloud_(unreachable|timeout)$/.test(error.code);
      if (!passing || isLast() || signal?.aborted) throw error;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
    if (signal?.aborted) throw abortError(signal);
  }
}
