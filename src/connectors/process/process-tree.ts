/** Finds, tracks and ends a process and all its descendants, even those that left its group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { findMarked, listProcesses, memoryOf, type ProcessRow } from './process-table.ts';

export interface ProcessTree {
  /** Records the members of the tree, so that they are known after their ancestors exit. @returns their resource usage */
  remember(): Promise<{ readonly processes: number; readonly memoryBytes: number }>;
  /** Bytes of memory that the tree holds now; shared pages count once if the system reports them (Linux). */
  memory(): Promise<number>;
  /** SIGTERM for all, SIGKILL after `graceMs` for those that stayed, and again for those that came meanwhile. */
  end(graceMs: number): Promise<void>;
}

export interface TreeRoot {
  readonly mark: string;
  readonly pid: number;
  /** Start time of the root; without it the process of that pid is trusted to be the root. */
  readonly started?: string;
  /** Whether the root only waits for the program that it confines: it ends by itself, and killing it ends the entire tree. */
  readonly isWrapper?: boolean;
}

const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 200;
const KILL_ROUNDS = 20;

export function createTree(root: TreeRoot): ProcessTree {
  const known = new Map<number, string>();
  // `ps` pads its dates, and a table's columns lose that.
  const started = root.started?.replace(/\s+/g, ' ');

  const look = async (byMark = true): Promise<ProcessRow[]> => {
    const rows = await listProcesses();
    const members = membersOf(rows, byMark ? await findMarked(rows, root.mark) : [], { ...root, started }, known);
    for (const { pid, started } of members) known.set(pid, started);
    return members;
  };

  /** A parent that forks and exits during a scan hides its child from it: only two empty scans in a row prove that all have exited. */
  const lookAgain = async (): Promise<ProcessRow[]> => {
    const members = await look();
    if (members.length > 0) return members;
    await sleep(FIRST_POLL_MS);
    return look();
  };

  return {
    async remember() {
      // Parentage only: reading every process's environment is too expensive to do this often.
      const members = await look(false);
      return { processes: members.length, memoryBytes: members.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) };
    },
    async memory() {
      const members = await look(false);
      const shares = await Promise.all(members.map(memoryOf));
      return shares.reduce((sum, bytes) => sum + bytes, 0);
    },
    async end(graceMs) {
      const deadline = Date.now() + graceMs;
      let members = await lookAgain();
      const reported = new Set<number>();
      let poll = FIRST_POLL_MS;
      while (members.length > 0 && Date.now() < deadline) {
        // Those that come after the first signal get theirs too.
        // A sandbox that is asked to end does not pass the signal to the program in it.
        const news = members.filter(({ pid }) => !reported.has(pid) && !(root.isWrapper && pid === root.pid));
        signalAll(news, 'SIGTERM', root.isWrapper ? undefined : root.pid);
        for (const { pid } of members) reported.add(pid);
        await sleep(Math.min(poll, Math.max(1, deadline - Date.now())));
        poll = Math.min(poll * 2, MAX_POLL_MS);
        members = await lookAgain();
      }
      for (let round = 0; members.length > 0 && round < KILL_ROUNDS; round += 1) {
        signalAll(members, 'SIGKILL', root.pid);
        await sleep(FIRST_POLL_MS);
        members = await lookAgain();
      }
    },
  };
}

function membersOf(
  all: readonly ProcessRow[],
  marked: readonly ProcessRow[],
  root: TreeRoot,
  known: ReadonlyMap<number, string>,
): ProcessRow[] {
  const ownGroup = all.find(({ pid }) => pid === process.pid)?.group;
  // In any case, this process, its siblings and the system are never part of a connector's tree.
  const rows = all.filter(({ pid, group }) => pid > 1 && group > 1 && pid !== process.pid && group !== ownGroup);
  const isRoot = ({ pid, started }: ProcessRow): boolean =>
    pid === root.pid && (root.started === undefined || root.started === started);
  // A stranger that got the root's pid later would lead a group of the same number.
  const groupIsOurs = !rows.some((row) => row.pid === root.pid && !isRoot(row));
  const marks = new Set(marked.map(({ pid }) => pid));
  const members = new Set(
    rows.filter(
      (row) =>
        isRoot(row) ||
        marks.has(row.pid) ||
        (groupIsOurs && row.group === root.pid) ||
        known.get(row.pid) === row.started,
    ),
  );
  let before = -1;
  while (before !== members.size) {
    before = members.size;
    const parents = new Set([...members].map(({ pid }) => pid));
    const groups = new Set([...members].map(({ group }) => group));
    for (const row of rows) if (parents.has(row.parent) || groups.has(row.group)) members.add(row);
  }
  return [...members];
}

function signalAll(members: readonly ProcessRow[], signal: NodeJS.Signals, group: number | undefined): void {
  // The entire group at once first: nobody in it can fork between two single signals.
  if (group !== undefined && members.some((member) => member.group === group)) signalOne(-group, signal);
  for (const { pid } of members) signalOne(pid, signal);
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already exited, which is the goal.
  }
}
