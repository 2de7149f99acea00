/** Moves a connector's output: reading continues while a batch loads, and waits when a second one is ready. */
import { takesData } from '../cache/index.ts';
import type { ConnectorRun, Exit } from '../connectors/index.ts';
import type { Batches } from './batches.ts';
import { createClock } from './clock.ts';
import type { Loader } from './loader.ts';
import { loseRecord } from './losses.ts';
import type { MessageHandler } from './messages.ts';
import { createRouter, type Router } from './router/index.ts';
import type { Segments } from './segments.ts';
import { readToEnd } from './source-reading.ts';
import { isComplete } from './stream-progress.ts';
import type { SyncLog } from './sync-log.ts';
import { addNote, type SyncRecord } from './sync-record.ts';

export interface PumpParts {
  readonly record: SyncRecord;
  readonly segments: Segments;
  readonly batches: Batches;
  readonly messages: MessageHandler;
  readonly loader: Loader;
  readonly log: SyncLog;
}

interface Pump extends PumpParts {
  /** Whether something was confirmed in this chunk: a good point to cut a batch. */
  atBoundary: boolean;
  /** The last write of segments. */
  flushing: Promise<void>;
}

/**
 * Reads one run to its end.
 * @param stop ends the connector
 * @returns how it ended; undefined where it had to be ended
 */
export async function readIntoBatches(
  run: ConnectorRun,
  parts: PumpParts,
  stop: (reason: unknown) => void,
): Promise<Exit | undefined> {
  const { record, log, loader, batches } = parts;
  const pump: Pump = { ...parts, atBoundary: false, flushing: Promise.resolve() };
  const clock = createClock();
  try {
    return await readToEnd(run, {
      record,
      log,
      router: routerOf(pump),
      who: 'connector',
      clock,
      isComplete: () => record.runs.every(isComplete),
      afterChunk: () => afterChunk(pump),
      async onTick(chunks) {
        if (loader.failure()) throw loader.failure();
        if (!chunks.isHeld() && batches.isDue(Date.now(), pump.atBoundary)) await chunks.hold(() => cut(pump));
        return true;
      },
    });
  } catch (error) {
    if (!loader.failure()) throw error;
    stop(loader.failure());
    return undefined;
  } finally {
    clock.stop();
  }
}

function routerOf(pump: Pump): Router {
  const { record, batches, messages, log } = pump;
  const streams = record.runs.map(({ prepared }) => prepared.stream);
  const cuts = record.runs.map(({ prepared }) => takesData(prepared.target.columns));
  return createRouter(
    streams,
    {
      records(index, lines, rows, longest, form, read) {
        const run = record.runs[index];
        if (run) batches.records(run, lines, { rows, longest, form, read });
      },
      message(line) {
        if (messages.handle(line)) pump.atBoundary = true;
      },
      text: (line) => log.write('stdout', `${line}\n`),
      broken: (stream, why) => loseRecord(record, record.runs, stream, why),
      stray: (stream) =>
        addNote(record, `The connector sent records of "${stream}", which was not asked for; they are not loaded.`),
    },
    cuts,
  );
}

function afterChunk(pump: Pump): Promise<void> | undefined {
  if (pump.batches.isDue(Date.now(), pump.atBoundary)) return cut(pump);
  pump.atBoundary = false;
  if (!pump.segments.isFull()) return undefined;
  // Reading continues during one write, and waits for it before the next.
  const before = pump.flushing;
  pump.flushing = pump.segments.flush();
  pump.flushing.catch(() => undefined);
  return before;
}

async function cut(pump: Pump): Promise<void> {
  const { batches, loader } = pump;
  pump.atBoundary = false;
  const batch = await batches.cut();
  if (batch) await loader.load(batch);
  if (loader.failure()) throw loader.failure();
}
