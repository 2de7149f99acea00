/** The official client on the real binary; every answer is validated against its tool's output schema. */
import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect } from 'vitest';
import { tools } from '../../tools/index.ts';
import { BINARY, makeWorkplace, type Workplace } from './workplace.ts';

export type Era = 'legacy' | 'auto';

export interface TestServer {
  readonly workplace: Workplace;
  readonly client: Client;
  readonly pid: number;
  /** The answer of a tool; fails the test when the tool answers with an error. */
  call<T = Record<string, unknown>>(
    tool: string,
    args?: Record<string, unknown>,
    options?: CallOptions,
  ): Promise<T & { text: string }>;
  /** The error of a tool; fails the test when the tool succeeds. */
  fail(tool: string, args?: Record<string, unknown>): Promise<ToolError>;
  stderr(): string;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ToolError {
  readonly code: string;
  readonly kind: string;
  readonly message: string;
  readonly next: string;
  readonly problems: { path: string; message: string; fix: string }[];
  readonly details: Record<string, unknown>;
  readonly text: string;
}

export interface ServerOptions {
  readonly workplace?: Workplace;
  readonly envFileText?: string;
  /** Overrides the workplace's settings; undefined removes one. */
  readonly environment?: Record<string, string | undefined>;
  readonly era?: Era;
  /** A program and its arguments before the server on the command line, such as one that sets limits and then executes the server. */
  readonly before?: readonly string[];
}

/** Starts the real binary under the official client. Close it in afterEach/afterAll; this also removes a workplace that it created. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const workplace = options.workplace ?? (await makeWorkplace(options.envFileText));
  const merged = { ...getDefaultEnvironment(), ...passThrough(), ...workplace.environment, ...options.environment };
  const env = Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const [command = '', ...args] = [...(options.before ?? []), process.execPath, BINARY];
  const transport = new StdioClientTransport({
    command,
    args,
    env,
    stderr: 'pipe',
    cwd: workplace.directory,
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const client = new Client(
    { name: 'sluice-test', version: '1.0.0' },
    { versionNegotiation: { mode: options.era ?? 'legacy' } },
  );
  await client.connect(transport);
  const request = async (tool: string, args: Record<string, unknown>, call: CallOptions): Promise<RawResult> =>
    (await client.callTool(
      { name: tool, arguments: args },
      {
        timeout: call.timeoutMs ?? 60_000,
        signal: call.signal,
        onprogress: call.onProgress && (({ message }) => call.onProgress?.(message ?? '')),
      },
    )) as RawResult;
  return {
    workplace,
    client,
    pid: transport.pid ?? 0,
    stderr: () => stderr,
    async call<T>(tool: string, args: Record<string, unknown> = {}, call: CallOptions = {}) {
      const result = await request(tool, args, call);
      const text = textOf(result);
      expect(result.isError, text).toBeFalsy();
      expectFitsSchema(tool, result.structuredContent);
      return { ...(result.structuredContent as T), text };
    },
    async fail(tool, args = {}) {
      const result = await request(tool, args, {});
      const text = textOf(result);
      expect(result.isError, `expected an error, got: ${text}`).toBe(true);
      const error = (result.structuredContent as { error: Omit<ToolError, 'text'> }).error;
      expect(error.next.length, 'every error suggests a next step').toBeGreaterThan(10);
      expect(text).not.toMatch(/\n\s+at .+:\d+:\d+/);
      return { ...error, text };
    },
    async close() {
      await client.close();
      if (!options.workplace) await workplace.remove();
    },
  };
}

interface RawResult {
  readonly content: { type: string; text?: string }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
}

function textOf(result: RawResult): string {
  return result.content.map(({ text }) => text ?? '').join('\n');
}

function expectFitsSchema(name: string, data: unknown): void {
  const tool = tools.find((entry) => entry.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  if ((data as { state?: string } | undefined)?.state === 'in_progress') return;
  const parsed = tool.output.safeParse(data);
  expect(parsed.success, `${name}'s answer does not fit its output schema: ${parsed.error?.message}`).toBe(true);
}

/** The network and package settings of the machine that runs the tests. */
function passThrough(): Record<string, string> {
  const allowed =
    /^(PATH|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PIP_.*|UV_.*|PYENV_ROOT)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => allowed.test(name))) as Record<
    string,
    string
  >;
}
