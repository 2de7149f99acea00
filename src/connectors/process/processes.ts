/** Starts programs and cleans up everything that they leave behind. */
import { abortError, serverEnds } from '../../errors.ts';
import type { Project } from '../../project/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { Running } from '../runner.ts';
import { makeRunFolder, sweepRunFolders } from './run-folders.ts';
import { GRACE_MS, type Launch, type Started, startProgram } from './start-program.ts';

export interface Processes {
  /**
   * Runs a program for as long as `body` takes; then ends its entire process tree and removes its folder.
   * When the signal is aborted the tree is ended at once, and `body` sees the end of stdout.
   * @throws SetupError `program_not_startable`; LimitError when the signal was aborted before the start
   */
  run<T>(launch: Launch, body: (running: Running) => Promise<T>): Promise<T>;
  /** Ends what a dead server left running, and removes its folders; `run` does it before each start. */
  endOrphans(): Promise<void>;
  /** Ends everything quickly and refuses to start anything more. */
  endAll(): Promise<void>;
}

const SHUTDOWN_GRACE_MS = 300;

interface LiveRun {
  end(graceMs: number): Promise<void>;
}

export function createProcesses(project: Project, redactor: Redactor, sweep?: () => Promise<void>): Processes {
  const live = new Set<LiveRun>();
  let closing = false;
  const endOrphans = async (): Promise<void> => {
    await sweepRunFolders(project, SHUTDOWN_GRACE_MS);
    await sweep?.();
  };

  return {
    endOrphans,
    async run(launch, body) {
      await endOrphans();
      const folder = await makeRunFolder(project);
      let started: Started | undefined;
      // Known before the start, so that a shutdown during the start clears up too.
      const entry: LiveRun = {
        async end(graceMs) {
          // In a shutdown the time for a tree that resists may run out: the configuration goes first.
          if (closing) await folder.empty().catch(() => {});
          await started?.close(graceMs);
          await folder.remove();
        },
      };
      live.add(entry);
      // An error here occurs again, and is reported, in the cleanup below.
      const onAbort = (): void => void started?.endTree(GRACE_MS).catch(() => {});
      try {
        // A shutdown that came before the folder was known would leave the configuration in it.
        if (closing) throw serverEnds();
        await launch.prepare?.(folder.path);
        if (closing) throw serverEnds();
        if (launch.signal.aborted) throw abortError(launch.signal);
        started = await startProgram(launch, folder, redactor);
        launch.signal.addEventListener('abort', onAbort, { once: true });
        if (launch.signal.aborted) onAbort();
        return await body(started.running);
      } finally {
        launch.signal.removeEventListener('abort', onAbort);
        await entry.end(closing ? SHUTDOWN_GRACE_MS : GRACE_MS);
        live.delete(entry);
      }
    },
    async endAll() {
      closing = true;
      await Promise.all([...live].map((entry) => entry.end(SHUTDOWN_GRACE_MS)));
    },
  };
}
