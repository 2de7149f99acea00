/** The few calls of the Docker Engine API that Sluice makes, by Node's own HTTP client. */
import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { isObject } from '../../protocol/index.ts';
import type { EngineAddress } from './engine-address.ts';

/** An answer that is no success: the engine's own words. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface EngineCall {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** With the query, without the version. */
  readonly path: string;
  /** Sent as JSON, or as an archive where it is bytes. */
  readonly body?: object | Buffer;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the engine has answered whole; 0 for calls that wait for something. */
  readonly timeoutMs?: number;
}

export interface EngineClient {
  /** @throws EngineError; a system error where no engine answers; the signal's reason */
  json<T>(call: EngineCall): Promise<T>;
  bytes(call: EngineCall): Promise<Buffer>;
  /** The answer as it comes. */
  stream(call: EngineCall): Promise<IncomingMessage>;
  /** The connection itself, after the engine has agreed to give HTTP up on it. */
  upgrade(call: EngineCall): Promise<Duplex>;
}

const TIMEOUT_MS = 30_000;
const LONGEST_ERROR = 64 * 1024;

/** @param version of the API, such as `1.41`; without it the engine's newest is meant */
export function createEngineClient(address: EngineAddress, version?: string): EngineClient {
  const send = (call: EngineCall, headers: Record<string, string> = {}): ClientRequest => {
    const { body } = call;
    const payload = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const kind = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
    const options: RequestOptions = {
      method: call.method ?? 'GET',
      path: `${version ? `/v${version}` : ''}${call.path}`,
      socketPath: address.socketPath,
      host: address.host ?? 'docker',
      port: address.port,
      headers: {
        Host: 'docker',
        ...(payload ? { 'Content-Type': kind, 'Content-Length': String(payload.length) } : {}),
        ...headers,
      },
      // One connection for each call: none is left that a shutdown would have to close.
      agent: false,
      signal: call.signal,
    };
    const request = address.tls ? requestHttps({ ...options, ...address.tls }) : requestHttp(options);
    request.end(payload);
    return request;
  };

  const stream = (call: EngineCall): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const request = send(call);
      request.once('error', reject);
      request.once('response', (response) => {
        // An abort after the answer began is raised here; whoever reads it sees its end.
        response.on('error', () => {});
        if ((response.statusCode ?? 500) < 400) resolve(response);
        else engineError(response).then(reject, reject);
      });
    });

  const bytes = async (call: EngineCall): Promise<Buffer> => {
    const limit = call.timeoutMs ?? TIMEOUT_MS;
    const deadline = new AbortController();
    const follow = (): void => deadline.abort(call.signal?.reason);
    if (call.signal?.aborted) follow();
    call.signal?.addEventListener('abort', follow, { once: true });
    const timer = limit > 0 ? setTimeout(() => deadline.abort(timedOut()), limit) : undefined;
    try {
      const response = await stream({ ...call, signal: deadline.signal });
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } catch (error) {
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', follow);
    }
  };

  return {
    stream,
    bytes,
    async json<T>(call: EngineCall) {
      const answer = await bytes(call);
      return (answer.length === 0 ? undefined : JSON.parse(answer.toString('utf8'))) as T;
    },
    upgrade: (call) =>
      new Promise((resolve, reject) => {
        const request = send(call, { Connection: 'Upgrade', Upgrade: 'tcp' });
        request.once('error', reject);
        request.once('upgrade', (_response, socket: Duplex, head: Buffer) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        request.once('response', (response) => {
          engineError(response).then(reject, reject);
        });
      }),
  };
}

async function engineError(response: IncomingMessage): Promise<EngineError> {
  let text = '';
  for await (const chunk of response) {
    text += (chunk as Buffer).toString('utf8');
    if (text.length > LONGEST_ERROR) break;
  }
  return new EngineError(response.statusCode ?? 500, messageIn(text) ?? text.trim().slice(0, 500));
}

function messageIn(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) && typeof parsed.message === 'string' ? parsed.message : undefined;
  } catch {
    return undefined;
  }
}

function timedOut(): Error {
  return Object.assign(new Error('the engine gave no answer in time'), { code: 'ETIMEDOUT' });
}
