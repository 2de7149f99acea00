/** Moves a connector's output: reading continues while a batch loads, and waits when a second one is ready. */
import { takesData } from '../cache/index.ts';
import type { ConnectorRun, Exit } from '../connectors/index.ts';
import type { Batches } from './batches.ts';
import { readChunks } from './chunks.ts';
import { createClock, TICK_MS } from './clock.ts';
import type { Loader } from './loader.ts';
import { loseRecord } from './losses.ts';
import type { MessageHandler } from './messages.ts';
import { createRouter } from './router/index.ts';
import type { Segments } from './segments.ts';
import { EXIT_MS, START_MS, silenceMessage } from './silence.ts';
import type { SyncLog } from './sync-log.ts';
import { addError, addNote, type SyncRecord } from './sync-record.ts';

export interface PumpParts {
  readonly record: SyncRecord;
  readonly segments: Segments;
  readonly batches: Batches;
  readonly messages: MessageHandler;
  readonly loader: Loader;
  readonly log: SyncLog;
}

/** @returns what reads one run to its end; the exit is absent where the connector had to be ended */
export function createPump({ record, segments, batches, messages, loader, log }: PumpParts) {
  let boundary = false;
  const router = createRouter(
    record.runs.map(({ prepared }) => prepared.stream),
    {
      records(index, lines, rows, longest, form, read) {
        const run = record.runs[index];
        if (run) batches.records(run, lines, { rows, longest, form, read });
      },
      message(line) {
        if (messages.handle(line)) boundary = true;
      },
      text: (line) => log.write('stdout', `${line}\n`),
      broken: (stream, why) => loseRecord(record, record.runs, stream, why),
      stray: (stream) =>
        addNote(record, `The connector sent records of "${stream}", which was not asked for; they are not loaded.`),
    },
    record.runs.map(({ prepared }) => takesData(prepared.target.columns)),
  );

  /** @param ms of silence, as far as this process was awake */
  const isSilent = (ms: number, received: boolean): boolean => {
    if (ms > EXIT_MS && record.runs.every(({ complete }) => complete)) {
      log.note('every stream is complete and the connector did not end; it was ended');
      return true;
    }
    const limit = received ? record.silenceMs : START_MS;
    if (ms <= limit) return false;
    addError(record, { message: silenceMessage(limit), failure_type: 'transient_error' });
    log.note(silenceMessage(limit));
    return true;
  };

  return async (run: ConnectorRun, stop: (reason: unknown) => void): Promise<Exit | undefined> => {
    run.onStderr((text) => log.write('stderr', text));
    const clock = createClock();
    // Counted in ticks: a suspended machine is not mistaken for a silent source.
    let silentMs = 0;
    let received = false;
    let flushing: Promise<void> = Promise.resolve();
    const cut = async (): Promise<void> => {
      boundary = false;
      const batch = await batches.cut();
      if (batch) await loader.load(batch);
      if (loader.failure()) throw loader.failure();
    };
    const chunks = readChunks(run.stdout, (chunk) => {
      router.push(chunk);
      silentMs = 0;
      received = true;
      if (batches.isDue(Date.now(), boundary)) return cut();
      boundary = false;
      if (!segments.isFull()) return undefined;
      // Reading continues beside one write, and waits for it before the next.
      const before = flushing;
      flushing = segments.flush();
      flushing.catch(() => undefined);
      return before;
    });
    try {
      for (;;) {
        const got = await Promise.race([chunks.ended, clock.tick()]);
        if (got !== 'tick') break;
        if (loader.failure()) throw loader.failure();
        // While a load holds the connector back, it cannot say anything.
        silentMs = chunks.isHeld() ? 0 : silentMs + TICK_MS;
        if (isSilent(silentMs, received)) {
          chunks.ended.catch(() => undefined);
          return undefined;
        }
        if (!chunks.isHeld() && batches.isDue(Date.now(), boundary)) await chunks.hold(cut);
      }
      const cutOff = router.end();
      const exit = await Promise.race([run.exit, clock.after(EXIT_MS)]);
      if (exit !== 'late') {
        // Where every stream was told to be whole before, nothing of them can be missing.
        if (cutOff && exit.code === 0 && !record.runs.every(({ complete }) => complete)) {
          const message = 'The output of the connector ends in the middle of a message: it was cut off.';
          addError(record, { message, failure_type: 'system_error' });
        }
        return exit;
      }
      addError(record, {
        message: 'The connector closed its output and did not end; it was ended.',
        failure_type: 'system_error',
      });
      return undefined;
    } catch (error) {
      if (!loader.failure()) throw error;
      stop(loader.failure());
      return undefined;
    } finally {
      clock.stop();
      chunks.stop();
    }
  };
}
