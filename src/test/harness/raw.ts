/** The real binary on bare pipes: every byte of stdout and stderr is recorded, and anything can be written to stdin. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { getDefaultEnvironment } from '@modelcontextprotocol/client/stdio';
import { BINARY, type Workplace } from './workplace.ts';

export interface RawServer {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  /** All bytes so far. */
  stdout(): Buffer;
  stderr(): Buffer;
  write(text: string): void;
  /** Sends a request and waits for the message with its id. */
  request(method: string, params?: unknown): Promise<RawMessage>;
  /** `initialize` and `notifications/initialized`. */
  initialize(): Promise<RawMessage>;
  callTool(name: string, args?: Record<string, unknown>): Promise<RawMessage>;
  /** Settles with the exit code when the process has ended. */
  readonly ended: Promise<number | null>;
  /** Closes stdin and waits for the end. */
  close(): Promise<void>;
}

export interface RawMessage {
  readonly id?: number | string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** @param before what comes before the server on its command line: a program that ends as the server */
export function startRaw(
  workplace: Workplace,
  environment: Record<string, string> = {},
  before: readonly string[] = [],
): RawServer {
  const env = { ...getDefaultEnvironment(), ...workplace.environment, ...environment };
  const [program = process.execPath, ...args] = [...before, process.execPath, BINARY];
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], cwd: workplace.directory });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const waiting = new Map<number | string, (message: RawMessage) => void>();
  const decoder = new StringDecoder('utf8');
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out.push(chunk);
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = JSON.parse(line) as RawMessage;
      if (message.id !== undefined) waiting.get(message.id)?.(message);
    }
  });
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {});
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  let nextId = 1;
  const write = (text: string): void => void child.stdin.write(text);
  const request = (method: string, params: unknown = {}): Promise<RawMessage> => {
    const id = nextId++;
    return new Promise((resolve, reject) => {
      waiting.set(id, resolve);
      void ended.then(() => reject(new Error(`the server ended before it answered ${method}: ${Buffer.concat(err)}`)));
      write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  };
  return {
    process: child,
    stdout: () => Buffer.concat(out),
    stderr: () => Buffer.concat(err),
    write,
    request,
    ended,
    callTool: (name, args = {}) => request('tools/call', { name, arguments: args }),
    async initialize() {
      const answer = await request('initialize', {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'raw', version: '1' },
      });
      write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
      return answer;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The error body of a tool's answer. */
export function errorOf(message: RawMessage): { code: string; problems: { path: string; message: string }[] } {
  const content = message.result?.structuredContent as { error?: ReturnType<typeof errorOf> } | undefined;
  if (!content?.error) throw new Error(`expected a tool error, got ${JSON.stringify(message)}`);
  return content.error;
}
