/** Starts one program confined and in its folder, and follows it with all that it starts until it is closed. */
import type { Socket } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, systemCode } from '../../errors.ts';
import { identify } from '../../project/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { Running } from '../runner.ts';
import type { Confined, ConfinedRun } from '../sandbox/index.ts';
import type { Exit, Overrun } from '../types.ts';
import { watchServer } from './after-server.ts';
import { exitSignal } from './exit-signal.ts';
import { type TreeLimits, withLimits } from './limits.ts';
import { closed, drain, type ProgramOutput, relay } from './output.ts';
import { openPolledPipe } from './polled-output.ts';
import { MARK_VARIABLE } from './process-table.ts';
import { createTree, type ProcessTree } from './process-tree.ts';
import { checkProgram, startError } from './program-file.ts';
import type { RunFolder } from './run-folders.ts';
import { redactedText } from './tail.ts';
import { watchTree } from './watch-tree.ts';

/** How long a tree may take to end by itself after SIGTERM. */
export const GRACE_MS = 2000;
/** How long after its end a process's output may stay open, held by something it left running. */
const OPEN_OUTPUT_MS = 2000;
const IDLE_MS = 400;

export interface Launch {
  /** Program and arguments; `folder` is the run's private folder, which is also where the program runs. */
  command(folder: string): readonly [string, ...string[]];
  /** Writes what the program needs into its private folder. */
  prepare?(folder: string): Promise<void>;
  readonly environment: Readonly<Record<string, string>>;
  /** Limits for it and all that it starts; absent for installers, which compile with as many processes as they like. */
  readonly limits?: TreeLimits | undefined;
  /** How to start it so that it is confined; absent for installers, which write where they install. */
  confine?(run: ConfinedRun): Promise<Confined | undefined>;
  /** Whether its stdin is open to be written to. */
  readonly writes?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface Started {
  readonly running: Running;
  endTree(graceMs: number): Promise<void>;
  /** Ends the tree and closes its output. */
  close(graceMs: number): Promise<void>;
}

/** @throws SetupError `program_not_startable` */
export async function startProgram(launch: Launch, folder: RunFolder, redactor: Redactor): Promise<Started> {
  const confined = await confinedCommand(launch, folder);
  const child = await spawn(confined, launch, folder);
  const { stdin, output, stderr } = child;
  const errors = drain(stderr);
  const { tree, endServerWatch } = await trackTree(child.pid, confined, folder);
  const watch = watchLimits(tree, launch.limits);
  // An error here occurs again, and is reported, when the run is closed.
  const cleared = child.ended.then(() => clearAfter(output, stderr, tree)).catch(() => {});
  const exit = child.ended.then(async (how) => {
    await Promise.race([closed(stderr), cleared]);
    return { ...how, overrun: watch.overrun(), stderrTail: redactedText(errors.tail, redactor) };
  });
  const endTree = (graceMs: number): Promise<void> => {
    watch.stop();
    return tree.end(graceMs);
  };
  return {
    running: { stdout: output.stream, stdin, exit, outputEnded: closed(output.stream), onStderr: errors.onText },
    endTree,
    async close(graceMs) {
      await endTree(graceMs);
      endServerWatch?.();
      for (const stream of [stdin, output.stream, stderr]) stream?.destroy();
    },
  };
}

async function confinedCommand(launch: Launch, folder: RunFolder): Promise<Confined> {
  const command = launch.command(folder.path);
  await checkProgram(command[0]);
  const environment = {
    ...launch.environment,
    PATH: pathWithNode(launch.environment.PATH),
    TMPDIR: folder.temporary,
    [MARK_VARIABLE]: folder.id,
  };
  const run = {
    command,
    environment,
    folder: folder.path,
    temporary: join(folder.path, 'tmp'),
    writes: launch.writes === true,
  };
  return (await launch.confine?.(run)) ?? { command, environment, isWrapped: false };
}

interface Child {
  readonly pid: number;
  readonly stdin: Writable | undefined;
  readonly output: ProgramOutput;
  readonly stderr: Readable;
  readonly ended: Promise<Pick<Exit, 'code' | 'signal'>>;
}

async function spawn({ command, environment, isWrapped }: Confined, launch: Launch, folder: RunFolder): Promise<Child> {
  const { execa } = await import('execa');
  const [program, ...args] = command;
  const [shell, ...rest] = withLimits(folder.id, program, args);
  const pipe = await openPolledPipe(folder.outputPath);
  const child = execa(shell, rest, {
    cwd: folder.path,
    env: environment,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdin: launch.writes ? 'pipe' : 'ignore',
    // Any descriptor; the library's types list those of one digit.
    stdout: (pipe?.writeEnd as 3 | undefined) ?? 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
  });
  pipe?.closeWriteEnd();
  const { pid } = child;
  if (pid === undefined) {
    pipe?.output.stream.destroy();
    const { code, cause } = (await child) as { code?: string; cause?: unknown };
    throw startError(program, code ?? systemCode(cause) ?? messageOf(cause));
  }
  const ended = new Promise<Pick<Exit, 'code' | 'signal'>>((resolve) => {
    child.once('exit', (code, signal) => resolve(isWrapped ? exitSignal(code, signal) : { code, signal }));
  });
  // Input written to a program that has exited is lost; its exit is reported.
  child.stdin?.on('error', () => {});
  const output = pipe?.output ?? relay(child.stdout as Readable as Socket);
  if (pipe) child.once('exit', pipe.output.wake);
  return { pid, stdin: child.stdin ?? undefined, output, stderr: child.stderr, ended };
}

interface TrackedTree {
  readonly tree: ProcessTree;
  /** Notifies the watcher that the run is over; absent if the sandbox ends the tree when the server is killed. */
  readonly endServerWatch: (() => void) | undefined;
}

/** Records the program in its folder, so that a later server can end it; if that fails, ends it now. */
async function trackTree(pid: number, { isWrapped }: Confined, folder: RunFolder): Promise<TrackedTree> {
  const identity = await identify(pid);
  const tree = createTree({ mark: folder.id, pid, started: identity?.started, isWrapper: isWrapped });
  const endServerWatch = isWrapped ? undefined : watchServer(pid, folder.id);
  try {
    if (identity) await folder.record(identity);
  } catch (error) {
    await tree.end(0);
    endServerWatch?.();
    throw error;
  }
  return { tree, endServerWatch };
}

/** Ends the tree when it exceeds a limit. */
function watchLimits(
  tree: ProcessTree,
  limits: TreeLimits = {},
): { overrun(): Overrun | undefined; readonly stop: () => void } {
  let overrun: Overrun | undefined;
  const stop = watchTree(tree, limits, (found) => {
    overrun = found;
    // An error here occurs again, and is reported, when the run is closed.
    tree.end(0).catch(() => {});
  });
  return { overrun: () => overrun, stop };
}

/** Ends what a process left running; output that an unknown process still holds open counts as ended. */
async function clearAfter(output: ProgramOutput, stderr: Readable, tree: ProcessTree): Promise<void> {
  let hasEnded = false;
  const received = output.received.then(() => {
    hasEnded = true;
  });
  await Promise.race([Promise.all([received, closed(stderr)]), sleep(OPEN_OUTPUT_MS, undefined, { ref: false })]);
  await tree.end(GRACE_MS);
  await Promise.race([closed(stderr), sleep(IDLE_MS, undefined, { ref: false })]);
  stderr.destroy();
  let before = -1;
  // A reader that is slow holds the output back: that is not its end.
  while (!hasEnded && (output.isHeld() || output.bytes() !== before)) {
    before = output.bytes();
    await sleep(IDLE_MS, undefined, { ref: false });
  }
  output.end();
}

/** Lets a connector written for Node find it, even if a desktop client's PATH does not include it. */
function pathWithNode(path: string | undefined): string {
  const own = dirname(process.execPath);
  return path ? `${path}${delimiter}${own}` : own;
}
