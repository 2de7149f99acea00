/** Sends the requests of this module: with a token, repeated only where that is safe, and with the answer checked. */
import { unlessAborted } from '../deadline.ts';
import { badAnswer, type Refusal, refusalError, unknownOutcome } from './errors.ts';
import type { Reply, Send } from './exchange.ts';
import { withRedactedNames } from './redacted-names.ts';
import { repeated } from './repeat.ts';
import type { Ask, CloudRequest } from './requests.ts';
import type { Tokens } from './tokens.ts';
import type { Endpoint, Urls } from './urls.ts';

const TIMEOUT_MS = 30_000;

/** @param redact for names, in which people may write secrets */
export function createAsk(send: Send, urls: Urls, tokens: Tokens, redact: (text: string) => string): Ask {
  return async <T>(request: CloudRequest<T>) => {
    // Reports a wrong id before anything is sent.
    urls.at(request.endpoint);
    // Calls share the token: cancelling one leaves it to the others. A token that cannot be fetched is not retried below.
    await unlessAborted(tokens.get(), request.signal);
    // The address of the API may be known only once there is a token.
    const address = urls.at(request.endpoint);
    const { reply, mayBeDone } = await sendRepeatedly(send, tokens, address, request);
    return withRedactedNames(answerIn(reply, request, address, mayBeDone), redact);
  };
}

async function sendRepeatedly<T>(
  send: Send,
  tokens: Tokens,
  address: string,
  { method, body, retry, signal, timeoutMs = TIMEOUT_MS, refusedAs }: CloudRequest<T>,
): Promise<{ reply: Reply; mayBeDone: boolean }> {
  /** An attempt without a reply, or with a failure of the server, may have had its effect. */
  let mayBeDone = false;
  const sendOnce = async (token: string): Promise<Reply> => {
    const wasDone = mayBeDone;
    mayBeDone = true;
    const reply = await send({ method, address, body, timeoutMs, creates: retry === 'create', token, signal });
    mayBeDone = wasDone || (!reply.ok && reply.status >= 500);
    return reply;
  };
  const isFinal = (refusal: Refusal): boolean => refusedAs?.(refusal) !== undefined;
  const reply = await repeated(retry, signal, () => withToken(tokens, signal, sendOnce), isFinal);
  return { reply, mayBeDone };
}

/** @throws the error of a refusal, or of an answer that does not have the published form */
function answerIn<T>(reply: Reply, request: CloudRequest<T>, address: string, mayBeDone: boolean): T {
  const { method, endpoint, retry, answer, refusedAs } = request;
  const operation = `${method} ${new URL(address).pathname}`;
  const creates = retry === 'create';
  const isDeleted = mayBeDone && method === 'DELETE' && !reply.ok && reply.status === 404;
  const parsed = answer.safeParse(reply.ok ? reply.value : undefined);
  if (parsed.success && (reply.ok || isDeleted)) return parsed.data;
  if (!reply.ok) {
    const specific = refusedAs?.(reply);
    if (specific) throw specific(reply);
    const configApi = 'config' in endpoint;
    throw refusalError(operation, reply, { creates, configApi, looksUp: lookedUp(endpoint), isRead: retry === 'read' });
  }
  const problem = `${parsed.error?.issues[0]?.path.join('.') || 'the answer'} does not have the published form`;
  throw creates
    ? unknownOutcome(`The answer to ${operation} cannot be read: ${problem}`)
    : badAnswer(address, `something unexpected to ${operation}: ${problem}`);
}

/** Requests of the configuration API are all about an id. */
function lookedUp(endpoint: Endpoint): 'an id' | 'a job' | undefined {
  if ('config' in endpoint) return 'an id';
  const [kind, id] = endpoint.api;
  if (kind === 'jobs' && id !== undefined) return 'a job';
  const filters = Object.entries(endpoint.query ?? {});
  const filtersById = filters.some(([name, value]) => /Ids?$/.test(name) && value !== undefined);
  return id !== undefined || filtersById ? 'an id' : undefined;
}

async function withToken(
  tokens: Tokens,
  signal: AbortSignal | undefined,
  use: (token: string) => Promise<Reply>,
): Promise<Reply> {
  const token = await unlessAborted(tokens.get(), signal);
  const reply = await token.use(use);
  if (reply.ok || reply.status !== 401 || !tokens.renew(token)) return reply;
  // The server refused before it did anything, so even a request that creates may be sent once more with a new token.
  return (await unlessAborted(tokens.get(), signal)).use(use);
}
