/** Requests as the rest of the module makes them: with a token, repeated only where a repetition does no harm, the answer checked. */
import type { z } from 'zod';
import { unlessAborted } from '../deadline.ts';
import type { SluiceError } from '../errors.ts';
import { badAnswer, type Refusal, refusalError, unknownOutcome } from './errors.ts';
import type { Answered, Exchange, Send } from './exchange.ts';
import { withRedactedNames } from './redacted-names.ts';
import { type Retry, repeated } from './repeat.ts';
import type { Tokens } from './tokens.ts';
import type { Endpoint, Urls } from './urls.ts';

export interface CloudRequest<T> {
  readonly method: Exchange['method'];
  readonly endpoint: Endpoint;
  readonly body?: object | undefined;
  readonly retry: Retry;
  readonly answer: z.ZodType<T>;
  /** An error of its own for some refusals, which are final then. */
  readonly refusedAs?: (refusal: Refusal) => ((refusal: Refusal) => SluiceError) | undefined;
  /** Milliseconds for one answer; 30 s. */
  readonly timeoutMs?: number;
  /** Ends a read; what creates or changes continues to its end. */
  readonly signal?: AbortSignal | undefined;
}

/** Errors: those of the port, `Cloud`. */
export type Ask = <T>(question: CloudRequest<T>) => Promise<T>;

const TIMEOUT_MS = 30_000;

/** @param hide for names, in which people write what they should not */
export function createAsk(send: Send, urls: Urls, tokens: Tokens, hide: (text: string) => string): Ask {
  return async <T>(question: CloudRequest<T>) => {
    const { method, retry, answer, signal } = question;
    // What is wrong with the call itself is told before anything is sent.
    urls.at(question.endpoint);
    // Shared by several calls: one that is cancelled leaves it to the others. One that cannot be had is not tried for again below.
    await unlessAborted(tokens.get(), signal);
    // Where the API lies may be known only with the token.
    const address = urls.at(question.endpoint);
    const what = `${method} ${new URL(address).pathname}`;
    const creates = retry === 'create';
    const request = { method, address, body: question.body, timeoutMs: question.timeoutMs ?? TIMEOUT_MS, creates };
    /** A try without an answer, or with a failure, may have done it. */
    let mayBeDone = false;
    const sendOnce = async (token: string): Promise<Answered> => {
      const wasDone = mayBeDone;
      mayBeDone = true;
      const reply = await send({ ...request, token, signal });
      mayBeDone = wasDone || (!reply.ok && reply.status >= 500);
      return reply;
    };
    const isFinal = (refusal: Refusal): boolean => question.refusedAs?.(refusal) !== undefined;
    const answered = await repeated(retry, signal, () => withToken(tokens, signal, sendOnce), isFinal);
    const isGone = mayBeDone && method === 'DELETE' && !answered.ok && answered.status === 404;
    const parsed = answer.safeParse(answered.ok ? answered.value : undefined);
    if (parsed.success && (answered.ok || isGone)) return withRedactedNames(parsed.data, hide);
    if (!answered.ok) {
      const own = question.refusedAs?.(answered);
      if (own) throw own(answered);
      const configApi = 'config' in question.endpoint;
      throw refusalError(what, answered, {
        creates,
        configApi,
        looksUp: lookedUp(question.endpoint),
        isRead: retry === 'read',
      });
    }
    const wrong = `${parsed.error?.issues[0]?.path.join('.') || 'the whole'} is not as published`;
    throw creates
      ? unknownOutcome(`The answer to ${what} cannot be read: ${wrong}`)
      : badAnswer(address, `something unexpected to ${what}: ${wrong}`);
  };
}

/** Requests of the configuration API are all about an id. */
function lookedUp(place: Endpoint): 'an id' | 'a job' | undefined {
  if ('config' in place) return 'an id';
  const [kind, id] = place.api;
  if (kind === 'jobs' && id !== undefined) return 'a job';
  const asksById = Object.entries(place.query ?? {}).some(([name, value]) => /Ids?$/.test(name) && value !== undefined);
  return id !== undefined || asksById ? 'an id' : undefined;
}

async function withToken(
  tokens: Tokens,
  signal: AbortSignal | undefined,
  use: (token: string) => Promise<Answered>,
): Promise<Answered> {
  const token = await unlessAborted(tokens.get(), signal);
  const answered = await token.use(use);
  if (answered.ok || answered.status !== 401 || !tokens.renew(token)) return answered;
  // Refused before anything was done: even what creates may be asked again, once, with a new token.
  return (await unlessAborted(tokens.get(), signal)).use(use);
}
