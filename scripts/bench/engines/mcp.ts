/** A minimal MCP client. Its cost is not measured, and it adds nothing between the bench and the server. */
import type { ChildProcess } from 'node:child_process';

export type CallTool = (name: string, args: object) => Promise<Record<string, unknown>>;

export interface Client {
  readonly call: CallTool;
  /** Any request. @throws Error where the server answers with an error */
  readonly request: (method: string, params: object) => Promise<object>;
}

interface Message {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly result?: { readonly isError?: boolean; readonly structuredContent?: Record<string, unknown> };
}

/** Connects and initializes. `call` throws an Error where the tool answers with an error. */
export async function connect(server: ChildProcess): Promise<Client> {
  const waiting = new Map<number, (message: Message) => void>();
  let rest = '';
  server.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const message of lines.map((line) => JSON.parse(line) as Message)) waiting.get(message.id ?? 0)?.(message);
  });
  let last = 0;
  const write = (message: object): void =>
    void server.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const send = (method: string, params: object): Promise<Message> => {
    last += 1;
    write({ id: last, method, params });
    return new Promise((resolve) => waiting.set(last, resolve));
  };
  await send('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  });
  write({ method: 'notifications/initialized' });
  return {
    async call(name, args) {
      const { result, error } = await send('tools/call', { name, arguments: args });
      if (!result || result.isError) throw new Error(`${name}: ${JSON.stringify(error ?? result?.structuredContent)}`);
      return result.structuredContent ?? {};
    },
    async request(method, params) {
      const { result, error } = await send(method, params);
      if (!result) throw new Error(`${method}: ${JSON.stringify(error)}`);
      return result;
    },
  };
}
