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

/** Every live process; zombies are not among them. */
export async function listProcesses(): Promise<ProcessRow[]> {
  return process.platform === 'linux' ? listLinux() : listByPs();
}

/**
 * Those of `rows` that were started with the mark, themselves or by inheritance.
 * Only Linux shows an environment reliably; elsewhere the answer is empty and descent decides alone.
 */
export async function findMarked(rows: readonly ProcessRow[], mark: string): Promise<ProcessRow[]> {
  if (process.platform !== 'linux') return [];
  const wanted = Buffer.from(`${MARK_VARIABLE}=${mark}\0`);
  const found = await Promise.all(
    rows.map(async (row) => {
      try {
        return (await readFile(`/proc/${row.pid}/environ`)).includes(wanted) ? [row] : [];
      } catch {
        return []; // Gone, or another user's: then it is none of ours.
      }
    }),
  );
  return found.flat();
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
