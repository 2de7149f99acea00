/** Requests as the rest of the room makes them: with a token, repeated only where a repetition does no harm, the answer checked. */
import type { z } from 'zod';
import { badAnswer, refusalError } from './errors.ts';
import { type Answered, type Exchange, exchange } from './exchange.ts';
import { type Deed, repeated } from './repeat.ts';
import type { Tokens } from './tokens.ts';

export interface Question<T> {
  readonly method: Exchange['method'];
  readonly address: string;
  readonly body?: object | undefined;
  readonly deed: Deed;
  readonly answer: z.ZodType<T>;
  /** Milliseconds for one answer; 30 s. */
  readonly timeoutMs?: number;
  /** Ends a read; what creates or changes goes on to its end. */
  readonly signal?: AbortSignal | undefined;
}

export type Ask = <T>(question: Question<T>) => Promise<T>;

const TIMEOUT_MS = 30_000;

export function createAsk(userAgent: string, tokens: Tokens): Ask {
  const once = async <T>(question: Question<T>): Promise<Answered> => {
    const { method, address, body, deed, timeoutMs = TIMEOUT_MS, signal } = question;
    const request = { method, address, body, userAgent, timeoutMs, isDeed: deed === 'create', signal };
    const token = await tokens.get();
    const answered = await token.use((value) => exchange({ ...request, token: value }));
    if (answered.ok || answered.status !== 401 || !tokens.renew(token)) return answered;
    // Refused before anything was done: even what creates may be asked again, once, with a new token.
    const fresh = await tokens.get();
    return fresh.use((value) => exchange({ ...request, token: value }));
  };
  return async <T>(question: Question<T>) => {
    // A token that cannot be had was tried for already, and is not tried for again with each repetition.
    await tokens.get();
    let tries = 0;
    const answered = await repeated(question.deed, question.signal, () => {
      tries += 1;
      return once(question);
    });
    const what = `${question.method} ${new URL(question.address).pathname}`;
    // The first try's answer was lost, not its deed.
    const isGone = !answered.ok && answered.status === 404 && question.method === 'DELETE' && tries > 1;
    if (!answered.ok && !isGone) throw refusalError(what, answered, question.deed === 'create');
    const parsed = question.answer.safeParse(answered.ok ? answered.value : undefined);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw badAnswer(
      question.address,
      `something unexpected to ${what}: ${issue?.path.join('.') || 'the whole'} is not as published`,
    );
  };
}
