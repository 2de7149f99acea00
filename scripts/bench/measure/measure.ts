/** One run of a process, from spawn to exit, its children included. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOfChildren, cpuOfMachine, isRunning, processTree, type Seen } from './process-tree.ts';

const SAMPLE_MS = 50;
/** A sandbox ends what is in it while it ends itself. */
const ENDING_MS = 500;

export interface Figures {
  readonly wallSeconds: number;
  /** User and system, every descendant included. */
  readonly cpuSeconds: number;
  /** The connector's share of it, as last seen by a sample. */
  readonly connectorCpuSeconds: number;
  /** What everything else on the machine used meanwhile, including the sampling of the bench. */
  readonly othersCpuSeconds: number;
  /** The largest sum of resident memory over the process tree, by samples. */
  readonly peakBytes: number;
  /** The same without the connector. */
  readonly peakWithoutConnectorBytes: number;
}

export interface Run {
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Record<string, string | undefined>;
  /** The file for stderr, and for stdout if `output` is not given; its end is quoted in the error. */
  readonly log: string;
  /** A file for its stdout. */
  readonly output?: string;
  /** Commands below the process that have this in them are the connector. */
  readonly connector?: string;
}

/** @throws Error if its exit status is not 0, or if it leaves descendants running */
export async function measure(run: Run): Promise<Figures> {
  const [program = '', ...args] = run.command;
  const log = openSync(run.log, 'w');
  const output = run.output === undefined ? log : openSync(run.output, 'w');
  const before = cpuOfChildren();
  const machineBefore = cpuOfMachine();
  const start = performance.now();
  const child = spawn(program, args, {
    cwd: run.directory,
    env: run.environment,
    stdio: ['ignore', output, log],
  });
  for (const file of new Set([log, output])) closeSync(file);
  const ended = new Promise<number | null>((resolve, reject) => child.on('exit', resolve).on('error', reject));
  const sampled = sampleTree(child.pid ?? 0, run.connector);
  try {
    const status = await ended;
    const wallSeconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`exit status ${status}`);
    const { cpuSeconds: seen, ...samples } = sampled.stop();
    await throwIfRunning(sampled.descendants());
    // A sandbox ends without having waited for what ran in it: that is known from samples only.
    const cpuSeconds = Math.max(cpuOfChildren() - before, seen);
    const othersCpuSeconds = Math.max(0, cpuOfMachine() - machineBefore - cpuSeconds);
    return { wallSeconds, cpuSeconds, othersCpuSeconds, ...samples };
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${run.command.join(' ')}: ${String(error)}\n${readFileSync(run.log, 'utf8').slice(-2_000)}`);
  } finally {
    sampled.stop();
  }
}

async function throwIfRunning(descendants: readonly Seen[]): Promise<void> {
  const deadline = performance.now() + ENDING_MS;
  let running = descendants.filter(isRunning);
  while (running.length > 0 && performance.now() < deadline) {
    await sleep(SAMPLE_MS);
    running = running.filter(isRunning);
  }
  if (running.length > 0) throw new Error(`left running: ${running.map(({ command }) => command).join('; ')}`);
}

function sampleTree(root: number, connector: string | undefined) {
  const last = new Map<number, Seen & { ofConnector: boolean }>();
  let [peakBytes, peakWithoutConnectorBytes] = [0, 0];
  const sample = (): void => {
    let [all, without] = [0, 0];
    for (const seen of processTree(root)) {
      const { pid, command, bytes } = seen;
      const ofConnector = pid !== root && connector !== undefined && command.includes(connector);
      last.set(pid, { ...seen, ofConnector });
      all += bytes;
      if (!ofConnector) without += bytes;
    }
    peakBytes = Math.max(peakBytes, all);
    peakWithoutConnectorBytes = Math.max(peakWithoutConnectorBytes, without);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const sum = (values: Seen[]): number => values.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
  return {
    descendants: (): Seen[] => [...last.values()].filter(({ pid }) => pid !== root),
    stop() {
      clearInterval(timer);
      const all = [...last.values()];
      return {
        cpuSeconds: sum(all),
        connectorCpuSeconds: sum(all.filter(({ ofConnector }) => ofConnector)),
        peakBytes,
        peakWithoutConnectorBytes,
      };
    },
  };
}
