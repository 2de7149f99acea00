/** Calls that wait as an assistant would: again with the same arguments while work continues, and until a sync has ended. */
import type { TestServer } from './client.ts';

export interface SyncAnswer {
  readonly sync_id: string;
  readonly state: string;
  readonly streams: { readonly stream: string; readonly state: string; readonly records: number }[];
}

const PATIENCE_MS = 180_000;

export async function callOut<T>(
  server: TestServer,
  tool: string,
  args: Record<string, unknown>,
  onProgress?: (message: string) => void,
): Promise<T & { text: string }> {
  for (;;) {
    const answer = await server.call<T & { state?: string }>(tool, args, { timeoutMs: PATIENCE_MS, onProgress });
    if (answer.state !== 'in_progress') return answer;
  }
}

export async function syncOut(server: TestServer, args: Record<string, unknown>): Promise<SyncAnswer> {
  let answer = await callOut<SyncAnswer>(server, 'start_sync', { wait_seconds: 40, ...args });
  while (answer.state === 'running') {
    answer = await callOut<SyncAnswer>(server, 'get_sync', { sync_id: answer.sync_id, wait_seconds: 40 });
  }
  return answer;
}

export function countsOf({ streams }: SyncAnswer): Record<string, number> {
  return Object.fromEntries(streams.map(({ stream, records }) => [stream, records]));
}
