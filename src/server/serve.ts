/** MCP over stdio, both protocol eras, and the end of the process when its client is gone. */
import { ProtocolError, ProtocolErrorCode, Server, type Transport } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { messageOf } from '../errors.ts';
import type { Services } from '../tools/index.ts';
import { instructionsFor } from './instructions.ts';
import { listTools } from './listing.ts';
import { createOngoing } from './ongoing.ts';
import { isOwnWord } from './own-words.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { sealTransport } from './seal-transport.ts';

/** Everything ends within a second of the end of input; this is the last resort. */
const LAST_RESORT_MS = 950;

/** Serves until the client closes stdin or a signal ends the process. @param endAll ends what the services run */
export function serve(services: Services, endAll: () => Promise<void>): void {
  const report = (text: string): void => {
    process.stderr.write(`sluice-mcp: ${services.vault.redactor.seal(text, 'text')}\n`);
  };
  const ongoing = createOngoing();
  const pipeline = createPipeline(services, ongoing, report);
  const transport = sealTransport(new StdioServerTransport(), services.vault.redactor, isOwnWord);
  const shutdown = once(async (code: number) => {
    setTimeout(() => process.exit(code), LAST_RESORT_MS).unref();
    ongoing.abortAll();
    await endAll().catch((error: unknown) => report(messageOf(error)));
    process.exit(code);
  });
  process.on('SIGTERM', () => shutdown(143));
  process.on('SIGINT', () => shutdown(130));
  process.on('SIGHUP', () => shutdown(129));
  process.on('unhandledRejection', (error) =>
    report(`unhandled: ${error instanceof Error ? error.stack : messageOf(error)}`),
  );
  watchClose(transport, () => shutdown(0));
  serveStdio(() => createServer(services, pipeline), {
    transport,
    onerror: (error) => report(`protocol: ${error.message}`),
  });
}

function createServer(services: Services, pipeline: Pipeline): Server {
  const { settings } = services;
  const server = new Server(
    { name: 'sluice-mcp', title: 'Sluice', version: settings.version },
    { capabilities: { tools: {} }, instructions: instructionsFor(settings) },
  );
  server.setRequestHandler('tools/list', () => ({ tools: listTools(settings.modes) }));
  server.setRequestHandler('tools/call', async (request, context) => {
    const { name, arguments: args } = request.params;
    const { signal, notify, _meta: meta, envelope } = context.mcpReq;
    const token = meta?.progressToken;
    let steps = 0;
    const onProgress = (message: string, done?: number, total?: number): void => {
      if (token === undefined || signal.aborted) return;
      // The number must grow with each notification, whatever the work counts.
      steps = done !== undefined && done > steps ? done : steps + 1;
      const params = { progressToken: token, progress: steps, message, ...(total === undefined ? {} : { total }) };
      notify({ method: 'notifications/progress', params }).catch(() => {});
    };
    const client = clientName(envelope, server);
    const result = await pipeline.call(name, args, { client, signal, onProgress });
    if (!result)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${JSON.stringify(name.slice(0, 80))}`);
    return result;
  });
  return server;
}

function clientName(envelope: object | undefined, server: Server): string {
  const info = (envelope as Record<string, unknown> | undefined)?.['io.modelcontextprotocol/clientInfo'];
  const { name, version } = (info ?? server.getClientVersion() ?? {}) as { name?: string; version?: string };
  return `${name ?? 'unknown'} ${version ?? ''}`.trim().slice(0, 100);
}

/** Calls `then` when the transport is closed, besides whoever else listens. */
function watchClose(transport: Transport, then: () => void): void {
  const start = transport.start.bind(transport);
  transport.start = async () => {
    const onclose = transport.onclose;
    transport.onclose = () => {
      onclose?.();
      then();
    };
    await start();
  };
}

function once(action: (code: number) => Promise<void>): (code: number) => void {
  let begun = false;
  return (code) => {
    if (begun) return;
    begun = true;
    void action(code);
  };
}
