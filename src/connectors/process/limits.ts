/** Resource limits of a started program, set by a shell that then execs it: same process, pipes and signals. */
import { availableParallelism } from 'node:os';

export interface TreeLimits {
  /** Processes of one tree that may run at once; absent if there is no limit. */
  readonly processes?: number | undefined;
  /** Bytes of memory that the processes of one tree may hold together; absent if there is no limit. */
  readonly memoryBytes?: number | undefined;
}

/** Well above the needs of a connector's workers (proportional to processors), well below what harms a machine. */
export const MAX_PROCESSES = Math.max(256, 4 * availableParallelism());

/**
 * No core dumps (they hold secrets), a sane number of open files, files for this user alone, and the first to be ended
 * when the machine runs out of memory (Linux). Limits that a system does not support are skipped.
 */
const PREPARE =
  '{ umask 077; ulimit -c 0; ulimit -n 4096; ulimit -w "$0" || ulimit -x "$0"; echo 500 >/proc/self/oom_score_adj; } 2>/dev/null; exec "$@"';

export function withLimits(mark: string, program: string, args: readonly string[]): readonly [string, ...string[]] {
  if (process.platform === 'win32') return [program, ...args];
  return ['/bin/sh', '-c', PREPARE, `${markNumber(mark)}`, program, ...args];
}

/**
 * A run's mark as a number: it is set as the limit of file locks, which the kernel has not used for twenty years. Children
 * inherit a limit, whatever they do with their environment, their session and their parents. Nobody can raise it; one that
 * knows of it can lower it, and is then known by its descent alone.
 */
export function markNumber(mark: string): number {
  return Number.parseInt(mark.slice(-10), 16) + 2 ** 40;
}
