/** MCP over stdio, both protocol eras, and the end of the process when its client disconnects. */
import { ProtocolError, ProtocolErrorCode, Server, type Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';
import type { Settings } from '../config/index.ts';
import { messageOf } from '../errors.ts';
import { type Redactor, redactBeginning } from '../secrets/index.ts';
import type { App } from '../tools/index.ts';
import type { Calls } from './calls.ts';
import { instructionsFor } from './instructions.ts';
import { createProgress } from './progress.ts';
import { redactTransport } from './redact-transport.ts';
import { createStdioTransport } from './stdio/index.ts';

/** Everything ends within a second of the end of input; this is the last resort. */
const LAST_RESORT_MS = 950;
const MAX_REPORT = 10_000;
const MAX_REPORT_BYTES = 1024 * 1024;
const MAX_TOKEN = 1_000;
/** The list depends on settings alone, which are read at start. */
const LIST_TTL_MS = 3_600_000;

export interface Serving {
  readonly settings: Settings;
  readonly redactor: Redactor;
  /** Called once, at the first request that needs more than the protocol. */
  createApp(): Promise<App>;
}

/** Serves until the client closes stdin or a signal ends the process. */
export function serve({ settings, redactor, createApp }: Serving): void {
  // Compiled parsers pay off after thousands of messages; a session has hundreds.
  z.config({ jitless: true });
  const report = createReport(redactor);
  let isOutputField: (key: string) => boolean = () => false;
  let opened: Promise<Calls> | undefined;
  const open = (): Promise<Calls> => {
    opened ??= (async () => {
      const [calls, app] = await Promise.all([import('./calls.ts'), createApp()]);
      isOutputField = calls.isOutputField;
      return calls.createCalls(app, report);
    })();
    return opened;
  };
  const transport = redactTransport(createStdioTransport(), redactor, (key) => isOutputField(key));
  const shutdown = once(async (code: number) => {
    setTimeout(() => {
      // An exit would wait for native work that ignores interruption, such as the planning of a query.
      process.once('exit', () => process.kill(process.pid, 'SIGKILL'));
      process.exit(code);
    }, LAST_RESORT_MS).unref();
    await opened?.then((calls) => calls.end()).catch((error: unknown) => report(messageOf(error)));
    process.exit(code);
  });
  process.on('SIGTERM', () => shutdown(143));
  process.on('SIGINT', () => shutdown(130));
  process.on('SIGHUP', () => shutdown(129));
  process.on('unhandledRejection', (error) =>
    report(`unhandled: ${error instanceof Error ? error.stack : messageOf(error)}`),
  );
  watchClose(transport, () => shutdown(0));
  serveStdio(() => createServer(settings, open), {
    transport,
    onerror: (error) => report(`protocol: ${error.message}`),
  });
}

/** Writes diagnostics to stderr. Works even if the client does not read stderr or has closed it. */
function createReport(redactor: Redactor): (text: string) => void {
  process.stderr.on('error', () => {});
  return (text) => {
    if (process.stderr.writableLength > MAX_REPORT_BYTES) return;
    const shown = redactBeginning(text, { redactor, level: 'text', shown: MAX_REPORT }).text;
    process.stderr.write(`sluice-mcp: ${shown}\n`);
  };
}

/** A token is repeated in each notification. */
function isShort(token: string | number | undefined): boolean {
  return typeof token !== 'string' || token.length <= MAX_TOKEN;
}

function createServer(settings: Settings, open: () => Promise<Calls>): Server {
  const server = new Server(
    { name: 'sluice-mcp', title: 'Sluice', version: settings.version },
    {
      capabilities: { tools: {} },
      instructions: instructionsFor(settings),
      cacheHints: { 'tools/list': { ttlMs: LIST_TTL_MS, cacheScope: 'private' } },
    },
  );
  server.setRequestHandler('tools/list', async () => ({ tools: (await open()).listTools() }));
  server.setRequestHandler('tools/call', async (request, context) => {
    const { name, arguments: args } = request.params;
    const { signal, notify, _meta: meta, envelope } = context.mcpReq;
    const token = isShort(meta?.progressToken) ? meta?.progressToken : undefined;
    const { onProgress, end } = createProgress((progress, message, total) => {
      if (token === undefined || signal.aborted) return;
      const params = { progressToken: token, progress, message, ...(total === undefined ? {} : { total }) };
      notify({ method: 'notifications/progress', params }).catch(() => {});
    });
    const { pipeline, nearTools } = await open();
    const caller = { client: clientName(envelope, server), signal, onProgress };
    const result = await pipeline.call(name, args, caller).finally(end);
    if (result) return result;
    const shown = JSON.stringify(name.slice(0, 80));
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown tool: ${shown}. Similar names: ${nearTools(name)}.`,
    );
  });
  return server;
}

function clientName(envelope: object | undefined, server: Server): string {
  const info = (envelope as Record<string, unknown> | undefined)?.['io.modelcontextprotocol/clientInfo'];
  const { name, version } = (info ?? server.getClientVersion() ?? {}) as { name?: string; version?: string };
  return `${name ?? 'unknown'} ${version ?? ''}`.trim().slice(0, 100);
}

/** Calls `then` when the transport closes, in addition to other listeners. */
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
