/** What Linux reports about a process and its descendants. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const PAGE_BYTES = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
const TICKS_A_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export interface Seen {
  readonly pid: number;
  readonly command: string;
  /** Resident, shared pages included. */
  readonly bytes: number;
  /** User and system, its own. */
  readonly cpuSeconds: number;
}

/** The process and all below it; those that end meanwhile are left out. */
export function processTree(root: number): Seen[] {
  const found: Seen[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    try {
      const [user = 0, system = 0] = statFields(pid).slice(11, 13);
      const bytes = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
      const command = commandOf(pid);
      found.push({ pid, command, bytes, cpuSeconds: (user + system) / TICKS_A_SECOND });
      waiting.push(...childrenOf(pid));
    } catch {
      // It has ended between two reads.
    }
  }
  return found;
}

/** Whether a process that was seen still runs; one that has exited and is not waited for does not. */
export function isRunning({ pid, command }: Pick<Seen, 'pid' | 'command'>): boolean {
  try {
    return command !== '' && commandOf(pid) === command;
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

/** User and system seconds of all processes that this one has started and waited for, and that those have. */
export function cpuOfChildren(): number {
  const [user = 0, system = 0] = statFields('self').slice(13, 15);
  return (user + system) / TICKS_A_SECOND;
}

/** CPU seconds of all processors since boot, for any process; includes stolen time. */
export function cpuOfMachine(): number {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, soft = 0, stolen = 0] = first
    .split(/ +/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupt + soft + stolen) / TICKS_A_SECOND;
}

/** The numbers after the command's name, which may hold spaces and brackets; the first is the state. */
function statFields(pid: number | 'self'): number[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

/** Any thread may have started one. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}
