/** The first records of streams, straight from the source; nothing is stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connectors, type Exit, exitWords, type Installed, type RunControl } from '../connectors/index.ts';
import { type Catalog, isObject, type JsonObject, parseMessage, streamLabel } from '../protocol/index.ts';
import type { Redactor, ResolvedConfig } from '../secrets/index.ts';
import { configureStreams } from './modes.ts';
import { createRouter } from './router/index.ts';

export interface PreviewRequest {
  readonly installed: Installed;
  readonly config: ResolvedConfig;
  readonly catalog: Catalog;
  /** Labels of streams. */
  readonly names: readonly string[];
  /** Records of each stream. */
  readonly limit: number;
}

export interface Preview {
  readonly streams: readonly {
    readonly stream: string;
    readonly records: readonly JsonObject[];
    /** Whether the stream has no more records than these. */
    readonly complete: boolean;
  }[];
  /** The connector's errors, redacted. */
  readonly errors: readonly string[];
}

const STDERR_CHARACTERS = 1_000;
/** How long a connector may run after it closed its output. */
const EXIT_MS = 5_000;

/**
 * Reads until every stream has enough, or the connector ends; then ends the connector.
 * @throws InputError for unknown streams; what `Connectors.read` throws
 */
export async function previewStreams(
  connectors: Connectors,
  { installed, config, catalog, names, limit }: PreviewRequest,
  control: RunControl,
  redactor: Redactor,
): Promise<Preview> {
  const options = names.map((stream) => ({ stream, mode: 'full_refresh_overwrite' as const }));
  const streams = configureStreams(catalog, names, options);
  const records: JsonObject[][] = streams.map(() => []);
  const done = streams.map(() => false);
  const seen = streams.map(() => 0);
  const errors: string[] = [];
  const enough = (): boolean => records.every((found, index) => found.length >= limit || done[index]);

  const router = createRouter(
    streams.map(({ stream }) => stream),
    {
      records(index, lines, rows) {
        const found = records[index];
        seen[index] = (seen[index] ?? 0) + rows;
        for (const line of lines.toString('utf8').split('\n')) {
          if (!found || found.length >= limit) return;
          const message = line === '' ? undefined : parseMessage(line);
          if (message?.type === 'RECORD' && isObject(message.record.data)) found.push(message.record.data);
        }
      },
      message(line) {
        const message = parseMessage(line.toString('utf8'));
        if (message?.type === 'TRACE_ERROR') errors.push(message.error.message);
        if (message?.type === 'CONTROL') {
          const { problem } = config.keepUpdate?.(message.control) ?? {};
          if (problem !== undefined) errors.push(problem);
        }
        if (message?.type !== 'TRACE_STATUS' || message.status !== 'COMPLETE') return;
        const index = streams.findIndex(
          ({ stream }) => stream.name === message.name && (stream.namespace ?? '') === (message.namespace ?? ''),
        );
        if (index >= 0) done[index] = true;
      },
      text: () => undefined,
      broken: () => undefined,
      stray: () => undefined,
    },
  );
  const stopped = await connectors.read(installed, { config, streams }, control, async (run) => {
    for await (const chunk of run.stdout as AsyncIterable<Buffer>) {
      router.push(chunk);
      if (enough()) return true;
    }
    router.end();
    const exit = await Promise.race([run.exit, sleep(EXIT_MS, undefined, { ref: false })]);
    if (exit?.code !== 0 && errors.length === 0) errors.push(badEnd(exit));
    return false;
  });
  return {
    streams: streams.map(({ stream }, index) => ({
      stream: streamLabel(catalog, stream),
      records: records[index] ?? [],
      complete: (done[index] === true || (!stopped && errors.length === 0)) && (seen[index] ?? 0) <= limit,
    })),
    errors: redactor.redactAll(errors, 'connector'),
  };
}

function badEnd(exit: Exit | undefined): string {
  if (!exit) return 'The connector closed its output and did not end; it was ended.';
  const tail = exit.stderrTail.slice(-STDERR_CHARACTERS);
  return `The connector ${exitWords(exit)}${tail === '' ? ' and said nothing.' : `: ${tail}`}`;
}
