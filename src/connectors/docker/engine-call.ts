/** Calls of the Docker Engine API by dockerode, each with a limit of time. */
import Docker from 'dockerode';
import { messageOf } from '../../errors.ts';
import { isObject } from '../../protocol/index.ts';
import type { EngineAddress } from './engine-address.ts';

/** An unsuccessful answer, with the engine's own message. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

export interface CallLimits {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the engine has answered; 0 for calls that wait for something. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 30_000;

/**
 * @param version of the API, such as `1.41`; without it the engine's newest is meant
 * @param silenceMs after which a silent connection is closed; 0 means never
 */
export function dockerAt(address: EngineAddress, version?: string, silenceMs = 0): Docker {
  const { socketPath, host, port, tls } = address;
  // Pass every option: dockerode reads omitted options from the environment.
  const where: Docker.DockerOptions = {
    socketPath,
    host,
    port,
    protocol: tls ? 'https' : 'http',
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: silenceMs,
    ...tls,
    ...(version ? { version: `v${version}` } : {}),
  };
  return new Docker(where);
}

/**
 * Not by dockerode's own abort signal: it leaves a call that is aborted in the middle of its answer unsettled.
 * @throws EngineError; a system error if no engine answers; the signal's reason
 */
export async function call<T>(work: Promise<T>, { signal, timeoutMs = TIMEOUT_MS }: CallLimits = {}): Promise<T> {
  let onAbort = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  // An abandoned call may still fail: ignore its error.
  work.catch(() => {});
  const given = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal?.reason);
    if (timeoutMs > 0) timer = setTimeout(() => reject(timedOut()), timeoutMs);
  });
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, given]);
  } catch (error) {
    const status = (error as { statusCode?: unknown }).statusCode;
    throw typeof status === 'number' ? new EngineError(status, wordsOf(error), error) : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Reads a streamed answer to its end. */
export async function bytesOf(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The message in the engine's JSON, without what dockerode puts around it. */
function wordsOf(error: unknown): string {
  const { json } = error as { json?: unknown };
  const message = isObject(json) && typeof json.message === 'string' ? json.message : messageOf(error);
  return message
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .trim()
    .slice(0, 2000);
}

function timedOut(): Error {
  return Object.assign(new Error('the engine gave no answer in time'), { code: 'ETIMEDOUT' });
}
