/** Watches a running process tree: its members, and whether it exceeds its limits. */
import type { Overrun } from '../types.ts';
import type { TreeLimits } from './limits.ts';
import { countProcesses } from './process-table.ts';
import type { ProcessTree } from './process-tree.ts';

/** Poll frequently at first, because most processes start early. */
const FIRST_LOOKS = 10;
const FIRST_LOOKS_MS = 400;
const LOOK_EVERY_MS = 5000;
/** With a limit of memory: it can be taken quickly. */
const LOOK_AT_MEMORY_MS = 1000;
/** How often all processes of the machine are counted, which is cheap, and how many more lead to a look at once. */
const COUNT_EVERY_MS = 500;
const MANY_MORE = 64;

/**
 * @param onOverrun called once, when the tree exceeds its limits
 * @returns what stops the looks
 */
export function watchTree(tree: ProcessTree, limits: TreeLimits, onOverrun: (overrun: Overrun) => void): () => void {
  let looks = 0;
  let stopped = false;
  let before: number | undefined;
  let timer: NodeJS.Timeout;
  let counter: NodeJS.Timeout;
  const usual = limits.memoryBytes === undefined ? LOOK_EVERY_MS : LOOK_AT_MEMORY_MS;
  const look = async (): Promise<void> => {
    looks += 1;
    const overrun = await overrunOf(tree, limits);
    if (stopped) return;
    if (overrun) {
      stop();
      onOverrun(overrun);
    } else {
      clearTimeout(timer);
      timer = setTimeout(again, looks < FIRST_LOOKS ? FIRST_LOOKS_MS : usual).unref();
    }
  };
  // A table that cannot be read now is read the next time.
  const again = (): void => void look().catch(() => {});
  const count = async (): Promise<void> => {
    const now = await countProcesses();
    if (stopped || now === undefined) return;
    if (before !== undefined && now - before >= MANY_MORE) again();
    before = before === undefined || now < before || now - before >= MANY_MORE ? now : before;
    counter = setTimeout(() => void count().catch(() => {}), COUNT_EVERY_MS).unref();
  };
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(counter);
  };
  timer = setTimeout(again, FIRST_LOOKS_MS).unref();
  counter = setTimeout(() => void count().catch(() => {}), 0).unref();
  return stop;
}

async function overrunOf(tree: ProcessTree, limits: TreeLimits): Promise<Overrun | undefined> {
  const taken = await tree.remember();
  if (limits.processes !== undefined && taken.processes > limits.processes) {
    return {
      kind: 'processes',
      message: `had started ${taken.processes} processes and was ended; at most ${limits.processes} may run at once`,
      next: 'Lower what the connector does at a time, if its configuration has such a field; otherwise do not run this connector.',
    };
  }
  const { memoryBytes: allowed } = limits;
  if (allowed === undefined || taken.memoryBytes <= allowed) return undefined;
  // What forked workers share was counted for each of them.
  const held = await tree.memory();
  if (held <= allowed) return undefined;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;
  return {
    kind: 'memory',
    message: `held ${megabytes(held)} of memory and was ended; SLUICE_CONNECTOR_MEMORY allows ${megabytes(allowed)}`,
    next: 'Read fewer streams at once, or let a person set SLUICE_CONNECTOR_MEMORY higher and restart the server.',
  };
}
