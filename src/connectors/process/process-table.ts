/** Which processes run on this machine, whose children they are, and which carry a mark in their environment. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it started, in the system's own notation. */
  readonly started: string;
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
const marksRead = new WeakMap<readonly ProcessRow[], Promise<ReadonlyMap<number, string>>>();

/**
 * Those of `rows` that were started with the mark, themselves or by inheritance.
 * Only Linux shows an environment reliably; elsewhere the answer is empty and descent decides alone.
 */
export async function findMarked(rows: readonly ProcessRow[], mark: string): Promise<ProcessRow[]> {
  if (process.platform !== 'linux') return [];
  let marks = marksRead.get(rows);
  if (!marks) {
    marks = readMarks(rows);
    marksRead.set(rows, marks);
  }
  const found = await marks;
  return rows.filter(({ pid }) => found.get(pid) === mark);
}

async function readMarks(rows: readonly ProcessRow[]): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  const pattern = new RegExp(`(?:^|\\0)${MARK_VARIABLE}=([^\\0]*)`);
  await Promise.all(
    rows.map(async ({ pid }) => {
      // One that cannot be read is gone, or another user's: then it is none of ours.
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      const mark = pattern.exec(environment)?.[1];
      if (mark !== undefined) found.set(pid, mark);
    }),
  );
  return found;
}

/** Work that is never done twice at a time: callers share the next one that begins. */
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
    return { pid, parent: Number(fields[1]), group: Number(fields[2]), started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

async function listByPs(): Promise<ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,pgid=,state=,lstart='], {
    maxBuffer: 16_000_000,
  });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group, state, ...started] = line.trim().split(/\s+/);
    if (!pid || !state || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), started: started.join(' ') }];
  });
}
