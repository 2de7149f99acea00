/** Starts programs, keeps them from harming the server, and sees to it that nothing of them stays behind. */
import type { Socket } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import type { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, messageOf, serverEnds, systemCode } from '../../errors.ts';
import { identify, type Project } from '../../project/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { Running } from '../runner.ts';
import type { Confined, ConfinedRun } from '../sandbox/index.ts';
import type { Exit, Overrun } from '../types.ts';
import { watchServer } from './after-server.ts';
import { exitSignal } from './exit-signal.ts';
import { type TreeLimits, withLimits } from './limits.ts';
import { closed, drain, hasEnded, relay } from './output.ts';
import { MARK_VARIABLE } from './process-table.ts';
import { createTree, type ProcessTree } from './process-tree.ts';
import { checkProgram, startError } from './program-file.ts';
import { makeRunFolder, type RunFolder, sweepRunFolders } from './run-folders.ts';
import { redactedText } from './tail.ts';
import { watchTree } from './watch-tree.ts';

export interface Launch {
  /** Program and arguments; `folder` is the run's private folder, which is also where the program runs. */
  command(folder: string): readonly [string, ...string[]];
  /** Writes what the program needs into its private folder. */
  prepare?(folder: string): Promise<void>;
  readonly environment: Readonly<Record<string, string>>;
  /** What it may take with all that it starts; absent for installers, which compile with as many processes as they like. */
  readonly limits?: TreeLimits | undefined;
  /** How to start it so that it is confined; absent for installers, which write where they install. */
  confine?(run: ConfinedRun): Promise<Confined | undefined>;
  /** Whether its stdin is open to be written to. */
  readonly writes?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface Processes {
  /**
   * Runs a program for as long as `body` takes; then its whole tree is ended and its folder removed.
   * When the signal is aborted the tree is ended at once, and `body` sees the end of stdout.
   * @throws SetupError `program_not_startable`; LimitError when the signal was aborted before the start
   */
  run<T>(launch: Launch, body: (running: Running) => Promise<T>): Promise<T>;
  /** Ends what a dead server left running, and removes its folders; `run` does it before each start. */
  endOrphans(): Promise<void>;
  /** Ends everything quickly and refuses to start anything more. */
  endAll(): Promise<void>;
}

/** How long a tree may take to end by itself after SIGTERM. */
const GRACE_MS = 2000;
const SHUTDOWN_GRACE_MS = 300;
/** How long after its end a process's output may stay open, held by something it left running. */
const OPEN_OUTPUT_MS = 2000;
const IDLE_MS = 400;

interface Live {
  end(graceMs: number): Promise<void>;
}

interface Started {
  readonly running: Running;
  endTree(graceMs: number): Promise<void>;
  /** Ends the tree and lets go of its output. */
  close(graceMs: number): Promise<void>;
}

export function createProcesses(project: Project, redactor: Redactor, sweep?: () => Promise<void>): Processes {
  const live = new Set<Live>();
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
      const entry: Live = {
        async end(graceMs) {
          // In a shutdown the time for a tree that resists may run out: the configuration goes first.
          if (closing) await folder.empty().catch(() => {});
          await started?.close(graceMs);
          await folder.remove();
        },
      };
      live.add(entry);
      // A failure here is met again, and told, by the clearing up below.
      const onAbort = (): void => void started?.endTree(GRACE_MS).catch(() => {});
      try {
        // A shutdown that came before the folder was known would leave the configuration in it.
        if (closing) throw serverEnds();
        await launch.prepare?.(folder.path);
        if (closing) throw serverEnds();
        if (launch.signal.aborted) throw abortError(launch.signal);
        started = await start(launch, folder, redactor);
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

async function start(launch: Launch, folder: RunFolder, redactor: Redactor): Promise<Started> {
  const { execa } = await import('execa');
  const command = launch.command(folder.path);
  await checkProgram(command[0]);
  const environment = {
    ...launch.environment,
    PATH: pathWithNode(launch.environment.PATH),
    TMPDIR: folder.temporary,
    [MARK_VARIABLE]: folder.id,
  };
  const unconfined: Confined = { command, environment, isWrapped: false };
  const run = {
    command,
    environment,
    folder: folder.path,
    temporary: join(folder.path, 'tmp'),
    writes: launch.writes === true,
  };
  const confined = (await launch.confine?.(run)) ?? unconfined;
  const [program, ...args] = confined.command;
  const [shell, ...rest] = withLimits(folder.id, program, args);
  const child = execa(shell, rest, {
    cwd: folder.path,
    env: confined.environment,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdin: launch.writes ? 'pipe' : 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
  });
  const { pid, stderr } = child;
  if (pid === undefined) {
    const { code, cause } = (await child) as { code?: string; cause?: unknown };
    throw startError(program, code ?? systemCode(cause) ?? messageOf(cause));
  }
  const stdout = child.stdout as Readable as Socket;
  const ended = new Promise<Pick<Exit, 'code' | 'signal'>>((resolve) => {
    child.once('exit', (code, signal) => resolve(confined.isWrapped ? exitSignal(code, signal) : { code, signal }));
  });
  const errors = drain(stderr);
  const output = relay(stdout);
  const identity = await identify(pid);
  const tree = createTree({ mark: folder.id, pid, started: identity?.started, isWrapper: confined.isWrapped });
  const runIsOver = confined.isWrapped ? undefined : watchServer(pid, folder.id);
  try {
    if (identity) await folder.record(identity);
  } catch (error) {
    await tree.end(0);
    runIsOver?.();
    throw error;
  }
  let overrun: Overrun | undefined;
  const stopWatching = watchTree(tree, launch.limits ?? {}, (found) => {
    overrun = found;
    // What fails here fails again, and is told, when the run is closed.
    tree.end(0).catch(() => {});
  });
  // What fails here fails again, and is told, when the run is closed.
  const cleared = ended.then(() => clearAfter(stdout, stderr, output, tree)).catch(() => {});
  const exit = ended.then(async (how) => {
    await Promise.race([closed(stderr), cleared]);
    return { ...how, overrun, stderrTail: redactedText(errors.tail, redactor) };
  });
  // What is written to a program that has gone is lost; its exit says so.
  child.stdin?.on('error', () => {});
  const running: Running = {
    stdout: output,
    stdin: child.stdin ?? undefined,
    exit,
    outputEnded: closed(output),
    onStderr: errors.onText,
  };
  const endTree = (graceMs: number): Promise<void> => {
    stopWatching();
    return tree.end(graceMs);
  };
  return {
    running,
    endTree,
    async close(graceMs) {
      await endTree(graceMs);
      runIsOver?.();
      child.stdin?.destroy();
      stdout.destroy();
      stderr.destroy();
      output.destroy();
    },
  };
}

/** What a process leaves running is ended; output that something unknown still holds open is taken as ended. */
async function clearAfter(stdout: Socket, stderr: Readable, output: PassThrough, tree: ProcessTree): Promise<void> {
  await Promise.race([Promise.all([closed(stdout), closed(stderr)]), sleep(OPEN_OUTPUT_MS, undefined, { ref: false })]);
  await tree.end(GRACE_MS);
  await Promise.race([closed(stderr), sleep(IDLE_MS, undefined, { ref: false })]);
  stderr.destroy();
  let before = -1;
  // A reader that is slow holds the output back: that is not its end.
  while (!hasEnded(stdout) && (output.writableNeedDrain || stdout.bytesRead !== before)) {
    before = stdout.bytesRead;
    await sleep(IDLE_MS, undefined, { ref: false });
  }
  stdout.destroy();
}

/** A connector written for Node finds it, even where a desktop client's PATH does not. */
function pathWithNode(path: string | undefined): string {
  const own = dirname(process.execPath);
  return path ? `${path}${delimiter}${own}` : own;
}
