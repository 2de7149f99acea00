/** A real MCP client on a real server process: the demo does what an assistant would do. */
import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** A tool's answer: its data, or the code and sentence of its error. */
export type Answer<T> =
  | { readonly ok: true; readonly data: T; readonly text: string }
  | { readonly ok: false; readonly code: string; readonly text: string };

export interface Assistant {
  call<T>(tool: string, args?: Record<string, unknown>, onProgress?: (message: string) => void): Promise<Answer<T>>;
  close(): Promise<void>;
}

const CALL_TIMEOUT_MS = 60_000;

/** Starts the server at `binary` as a client would and connects to it. */
export async function connectAssistant(
  binary: string,
  environment: Record<string, string>,
  version: string,
): Promise<Assistant> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [binary],
    env: { ...getDefaultEnvironment(), ...environment },
    stderr: 'inherit',
  });
  const client = new Client({ name: 'sluice-demo', version });
  await client.connect(transport);
  return {
    close: () => client.close(),
    async call<T>(
      tool: string,
      args: Record<string, unknown> = {},
      onProgress: (message: string) => void = () => {},
    ): Promise<Answer<T>> {
      for (;;) {
        const result = await client.callTool(
          { name: tool, arguments: args },
          { timeout: CALL_TIMEOUT_MS, onprogress: ({ message }) => onProgress(message ?? '') },
        );
        const data = (result.structuredContent ?? {}) as Record<string, unknown>;
        const text = result.content.map((block) => (block.type === 'text' ? block.text : '')).join('\n');
        if (result.isError)
          return { ok: false, code: String((data.error as { code?: string })?.code ?? 'error'), text };
        if (data.state !== 'in_progress') return { ok: true, data: data as T, text };
        onProgress(String(data.doing));
      }
    },
  };
}
