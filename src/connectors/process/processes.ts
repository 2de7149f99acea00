/** Starts programs, keeps them from harming the server, and sees to it that nothing of them stays behind. */
import type { Socket } from 'node:net';
import { delimiter, dirname } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, LimitError, messageOf, SetupError, systemCode } from '../../errors.ts';
import { identify, type Project } from '../../project/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { Running } from '../runner.ts';
import type { Exit } from '../types.ts';
import { MARK_VARIABLE } from './process-table.ts';
import { createTree, type ProcessTree } from './process-tree.ts';
import { makeRunFolder, type RunFolder, sweepRunFolders } from './run-folders.ts';
import { createTail, sealedText, type Tail } from './tail.ts';

export interface Launch {
  /** Program and arguments; `folder` is the run's private folder, which is also where the program runs. */
  command(folder: string): readonly [string, ...string[]];
  /** Writes what the program needs into its private folder. */
  prepare?(folder: string): Promise<void>;
  readonly environment: Readonly<Record<string, string>>;
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
/** Bytes that may wait for the reader here, besides those in the pipe. */
const RELAY_BYTES = 256 * 1024;
/** How often a tree is looked at while it runs: first closely, for most is started at the start. */
const FIRST_LOOKS = 10;
const FIRST_LOOKS_MS = 400;
const LOOK_EVERY_MS = 5000;

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
        await launch.prepare?.(folder.path);
        if (closing) throw closingError();
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
  const [program, ...args] = launch.command(folder.path);
  const child = execa(program, args, {
    cwd: folder.path,
    env: { ...launch.environment, PATH: pathWithNode(launch.environment.PATH), [MARK_VARIABLE]: folder.id },
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
  if (pid === undefined) throw startError(program, (await child) as { code?: string; cause?: unknown });
  const stdout = child.stdout as Readable as Socket;
  const ended = new Promise<Omit<Exit, 'stderrTail'>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const tail = createTail();
  const listeners = new Set<(text: string) => void>();
  drain(stderr, tail, listeners);
  const output = relay(stdout);
  const identity = await identify(pid);
  const tree = createTree({ mark: folder.id, pid, started: identity?.started });
  try {
    if (identity) await folder.record(identity);
  } catch (error) {
    await tree.end(0);
    throw error;
  }
  const stopWatching = watchTree(tree);
  // What fails here fails again, and is told, when the run is closed.
  const cleared = ended.then(() => clearAfter(stdout, stderr, output, tree)).catch(() => {});
  const exit = ended.then(async (how) => {
    await Promise.race([closed(stderr), cleared]);
    return { ...how, stderrTail: sealedText(tail, redactor) };
  });
  // What is written to a program that has gone is lost; its exit says so.
  child.stdin?.on('error', () => {});
  const running: Running = {
    stdout: output,
    stdin: child.stdin ?? undefined,
    exit,
    outputEnded: closed(output),
    onStderr(listener) {
      // What came before anybody listened is not lost.
      for (const piece of tail.pieces()) listener(piece);
      listeners.add(listener);
    },
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

/** A stream of its own for the reader: Node throws away what a process has printed when it ends before anybody reads. */
function relay(stdout: Readable): PassThrough {
  const output = new PassThrough({ highWaterMark: RELAY_BYTES });
  stdout.pipe(output, { end: false });
  stdout.on('error', () => {});
  stdout.once('end', () => output.end());
  stdout.once('close', () => output.end());
  return output;
}

function hasEnded(stream: Readable): boolean {
  return stream.destroyed || stream.readableEnded;
}

function closed(stream: Readable): Promise<void> {
  if (hasEnded(stream)) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
  });
}

function drain(stderr: Readable, tail: Tail, listeners: ReadonlySet<(text: string) => void>): void {
  const decoder = new StringDecoder('utf8');
  stderr.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    tail.push(text);
    for (const listener of listeners) listener(text);
  });
  stderr.on('error', () => {});
}

/** Looks at the tree again and again. @returns what stops it */
function watchTree(tree: ProcessTree): () => void {
  let looks = 0;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    timer = setTimeout(look, looks < FIRST_LOOKS ? FIRST_LOOKS_MS : LOOK_EVERY_MS).unref();
  };
  let stopped = false;
  const look = (): void => {
    looks += 1;
    tree.remember().then(
      () => !stopped && next(),
      () => {},
    );
  };
  next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** A connector written for Node finds it, even where a desktop client's PATH does not. */
function pathWithNode(path: string | undefined): string {
  const own = dirname(process.execPath);
  return path ? `${path}${delimiter}${own}` : own;
}

function startError(program: string, result: { code?: string; cause?: unknown }): SetupError {
  const code = result.code ?? systemCode(result.cause) ?? messageOf(result.cause);
  const reason =
    code === 'ENOENT'
      ? 'it, or the interpreter that its first line names, does not exist'
      : code === 'EACCES'
        ? 'it is not executable for this user'
        : code === 'ENOEXEC'
          ? 'it is no program of this kind of machine, and its first line names no interpreter'
          : `the system answered ${code}`;
  return new SetupError(
    'program_not_startable',
    `${program} could not be started: ${reason}.`,
    'Correct what is said (chmod +x, the interpreter in its first line), or install the connector again.',
  );
}

function closingError(): LimitError {
  return new LimitError('server_ended', 'The server is shutting down.', 'Start the server again and repeat the call.');
}
