/** Which processes run on this machine, whose children they are, and which carry a mark in their environment. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { markNumber } from './limits.ts';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it started, in the system's own notation. */
  readonly started: string;
  /** Resident; what processes share counts for each of them. */
  readonly memoryBytes: number;
}

/** The variable by which a process is known again after it has left its group, its session and its parents. */
export const MARK_VARIABLE = 'SLUICE_RUN';

/**
 * Every live process; zombies are not among them. The reading begins after the call; those who call meanwhile share it,
 * for at the end of a server many trees are looked at in the same second.
 */
export const listProcesses: () => Promise<readonly ProcessRow[]> = shareNext(() =>
  process.platform === 'linux' ? listLinux() : listByPs(),
);

/** The marks of a reading's processes, read once for all trees. */
const marksRead = new WeakMap<readonly ProcessRow[], Promise<ReadonlyMap<number, Marks>>>();

interface Marks {
  /** In its environment, as it was started. */
  readonly variable?: string | undefined;
  /** In its limits. */
  readonly number?: number | undefined;
}

/**
 * Those of `rows` that were started with the mark, themselves or by inheritance.
 * Only Linux shows an environment and the limits reliably; elsewhere the answer is empty and descent decides alone.
 */
export async function findMarked(rows: readonly ProcessRow[], mark: string): Promise<ProcessRow[]> {
  if (process.platform !== 'linux') return [];
  let marks = marksRead.get(rows);
  if (!marks) {
    marks = readMarks(rows);
    marksRead.set(rows, marks);
  }
  const found = await marks;
  const number = markNumber(mark);
  return rows.filter(({ pid }) => found.get(pid)?.variable === mark || found.get(pid)?.number === number);
}

async function readMarks(rows: readonly ProcessRow[]): Promise<ReadonlyMap<number, Marks>> {
  const found = new Map<number, Marks>();
  const pattern = new RegExp(`(?:^|\\0)${MARK_VARIABLE}=([^\\0]*)`);
  // A process that cannot be read has exited or belongs to another user.
  const read = (path: string): Promise<string> => readFile(path, 'latin1').catch(() => '');
  await Promise.all(
    rows.map(async ({ pid }) => {
      const [environment, limits] = await Promise.all([read(`/proc/${pid}/environ`), read(`/proc/${pid}/limits`)]);
      const number = /^Max file locks\s+(\d+)/m.exec(limits)?.[1];
      found.set(pid, { variable: pattern.exec(environment)?.[1], number: number ? Number(number) : undefined });
    }),
  );
  return found;
}

/** Bytes of one process's memory, with its share of shared pages if the system reports it; expensive. */
export async function memoryOf({ pid, memoryBytes }: ProcessRow): Promise<number> {
  if (process.platform !== 'linux') return memoryBytes;
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(text)?.[1];
  return kilobytes === undefined ? memoryBytes : Number(kilobytes) * 1024;
}

/** Number of processes and other entries of the system, if cheap to get: compare it with a later one. */
export async function countProcesses(): Promise<number | undefined> {
  return process.platform === 'linux' ? (await readdir('/proc')).length : undefined;
}

/** Work that never runs twice at a time: callers share the next run. */
function shareNext<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;
  return () => {
    next ??= (async () => {
      await running;
      next = undefined;
      const begun = work();
      running = begun.catch(() => undefined);
      return begun;
    })();
    return next;
  };
}

async function listLinux(): Promise<ProcessRow[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(names.map((name) => readRow(Number(name))));
  return rows.filter((row) => row !== undefined);
}

async function readRow(pid: number): Promise<ProcessRow | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command name may hold spaces and brackets: fields are counted after its last ")".
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return {
      pid,
      parent: Number(fields[1]),
      group: Number(fields[2]),
      started: fields[19] ?? '',
      memoryBytes: Number(fields[21]) * (await pageSize()),
    };
  } catch {
    return undefined;
  }
}

let pageBytes: Promise<number> | undefined;

/** The system's memory page size, derived from this process's usage in both units: Node does not expose it. */
function pageSize(): Promise<number> {
  pageBytes ??= readFile('/proc/self/statm', 'latin1').then(
    (text) => 2 ** Math.round(Math.log2(process.memoryUsage.rss() / Number(text.split(' ')[1]))),
    () => 4096,
  );
  return pageBytes;
}

async function listByPs(): Promise<ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,pgid=,rss=,state=,lstart='], {
    maxBuffer: 16_000_000,
  });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group, kilobytes, state, ...started] = line.trim().split(/\s+/);
    if (!pid || !state || state.startsWith('Z')) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        started: started.join(' '),
        memoryBytes: Number(kilobytes) * 1024,
      },
    ];
  });
}
