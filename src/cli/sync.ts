/** `sluice-mcp sync NAME`: one sync of a saved source, watched to its end. */
import { once } from 'node:events';
import { count } from '../count.ts';
import type { SyncStatus } from '../sync/index.ts';
import { beginSync, type Services } from '../tools/index.ts';
import type { Typed } from './arguments.ts';
import { createOutput, hasProject, MISTAKE, type Output, tellError } from './output.ts';
import { createScreen } from './screen.ts';
import { type StopSignals, watchStopSignals } from './stop-signals.ts';
import { durationText, progressText, rowsOf } from './sync-text.ts';

/** Documented in the help and in docs/terminal.md. */
const EXIT_STATUS: Record<SyncStatus['state'], number> = {
  complete: 0,
  failed: 1,
  incomplete: 3,
  cancelled: 4,
  interrupted: 4,
  running: 4,
};
const LOOK_MS = 250;
const JSON_MS = 1_000;

/** @returns the exit status */
export async function runSync(services: Services, typed: Typed): Promise<number> {
  const output = createOutput(services, typed.json);
  if (!hasProject(services, output)) return MISTAKE;
  const signals = watchStopSignals();
  const reported = createProgress(output, typed.json);
  try {
    const { syncId, own } = await begin(services, typed, { output, signals, reported });
    const status = await follow(services, { syncId, own }, { output, signals, reported });
    reported.end();
    const exitStatus = signals.exitStatus() ?? EXIT_STATUS[status.state];
    output.json({ type: 'result', exit_status: exitStatus, ...status });
    tellEnd(status, output);
    return exitStatus;
  } catch (error) {
    reported.end();
    const exitStatus = tellError(error, output);
    return signals.exitStatus() ?? exitStatus;
  } finally {
    signals.dispose();
  }
}

interface Watch {
  readonly output: Output;
  readonly signals: StopSignals;
  readonly reported: Progress;
}

/** If another process already syncs the source, this follows that sync; with its own options it runs after it. */
async function begin(services: Services, typed: Typed, watch: Watch): Promise<{ syncId: string; own: boolean }> {
  const { output, signals, reported } = watch;
  const [source = ''] = typed.words;
  const { streams, destination, restart } = typed;
  const request = { source, destination, streams, restart };
  const control = { signal: signals.asked, progress: (message: string) => reported.message(message) };
  for (;;) {
    const { syncId, alreadyRunning } = await beginSync(services, request, control);
    output.json({ type: 'started', sync_id: syncId, already_running: alreadyRunning });
    if (!alreadyRunning) return { syncId, own: true };
    const into = (await services.syncs.get(syncId)).destination;
    const after = typed.streams !== undefined || typed.restart || into !== destination;
    reported.end();
    output.complain(
      `A sync of "${source}" runs already in another process (${syncId}): waiting for its end${after ? ', then this one begins' : ''}.`,
    );
    if (!after) return { syncId, own: false };
    await follow(services, { syncId, own: false }, watch);
    if (signals.asked.aborted) throw signals.asked.reason;
  }
}

/** Waits for the end of a sync. A signal cancels a sync of this process; a sync of another process continues. */
async function follow(
  { syncs }: Services,
  { syncId, own }: { syncId: string; own: boolean },
  { signals, reported }: Watch,
): Promise<SyncStatus> {
  const { asked, hurried } = signals;
  for (;;) {
    const status = await syncs.wait(syncId, LOOK_MS, hurried).catch(() => syncs.get(syncId));
    if (status.state !== 'running' || hurried.aborted) return status;
    if (asked.aborted) {
      if (!own) return status;
      reported.message('Stopping: committing confirmed data. Press Ctrl-C again to stop immediately.');
      const cancelled = syncs.cancel(syncId);
      await Promise.race([cancelled, hurried.aborted || once(hurried, 'abort')]);
      return syncs.get(syncId);
    }
    reported.status(status);
  }
}

interface Progress {
  message(text: string): void;
  status(status: SyncStatus): void;
  /** Clears the moving line. */
  end(): void;
}

/** A moving line on a terminal, JSON lines on request, nothing in a pipe. */
function createProgress(output: Output, asJson: boolean): Progress {
  const screen = asJson ? undefined : createScreen(process.stderr);
  let last = '';
  let reportedAt = 0;
  return {
    message(text) {
      output.json({ type: 'progress', message: text });
      screen?.moving(output.clean(text));
    },
    status(status) {
      screen?.moving(output.clean(progressText(status)));
      const { sync_id, state, records, bytes, records_per_second } = status;
      const streams = status.streams.map(({ stream, state: of, records: read, rows, confirmed }) => ({
        stream,
        state: of,
        records: read,
        rows,
        confirmed,
      }));
      const counts = JSON.stringify(streams);
      if (counts === last || Date.now() - reportedAt < JSON_MS) return;
      [last, reportedAt] = [counts, Date.now()];
      output.json({ type: 'progress', sync_id, state, records, bytes, records_per_second, streams });
    },
    end: () => screen?.still(),
  };
}

function tellEnd(status: SyncStatus, output: Output): void {
  const { source, destination } = status;
  const committed =
    destination === undefined
      ? `${count(rowsOf(status), 'row')} committed`
      : `${count(rowsOf(status), 'record')} confirmed`;
  const complete = status.streams.filter(({ state }) => state === 'complete').length;
  output.say(
    `${source}${destination === undefined ? '' : ` into ${destination}`}: ${status.state}, ${count(status.records, 'record')} read, ${committed}, ${complete} of ${status.streams.length} streams complete, ${durationText(status)} (${status.sync_id})`,
  );
  for (const { from, stream, message } of status.errors) {
    output.complain(`  ${[from, stream, message].filter((part) => part !== undefined).join(': ')}`);
  }
  for (const warning of status.warnings) output.complain(`  warning: ${warning}`);
}
