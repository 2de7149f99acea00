/** How a container ended, and whether all of its output came. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from '../types.ts';
import type { OutputEnd } from './demultiplex.ts';
import type { Engine } from './engine.ts';
import { call } from './engine-call.ts';

const FIRST_LOOK_MS = 20;
const LOOK_EVERY_MS = 1000;
const ANSWER_MS = 5000;
/** How long a container may still be reported as running after its output ended: a busy engine lags. */
const MAX_MS = 8000;
/** A program's output ends with the program; one that ended this much later, by the engine's clock, was still talking. */
const LATE_MS = 250;
/** 128 and SIGKILL. */
const KILLED = 137;

type Ending = Omit<Exit, 'stderrTail'>;

/** The engine does not answer, or somebody removed the container: the exit code is unknown. */
const UNKNOWN: Ending = { code: null, signal: null };
const CUT: Ending = { code: null, signal: null, outputCut: true };

interface State {
  readonly Running: boolean;
  readonly ExitCode: number;
  readonly OOMKilled: boolean;
  readonly FinishedAt: string;
}

/**
 * Settles when the output has ended and how the container ended is known, or cannot be known; never rejects. A connection that
 * is closed between two messages looks like the end of the output: only the container's own end tells them apart.
 */
export async function waitForEnd(engine: Engine, id: string, output: Promise<OutputEnd>): Promise<Ending> {
  if ((await output) === 'cut') return CUT;
  const until = performance.now() + MAX_MS;
  let outputEndedAt: number | undefined;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(2 * pause, LOOK_EVERY_MS)) {
    const state = await stateOf(engine, id);
    if (!state) return UNKNOWN;
    if (!state.Running) {
      const late = outputEndedAt !== undefined && Date.parse(state.FinishedAt) - outputEndedAt > LATE_MS;
      return late ? CUT : endingOf(state);
    }
    outputEndedAt ??= await clockOf(engine);
    if (performance.now() > until) return CUT;
    await sleep(pause, undefined, { ref: false });
  }
}

async function stateOf({ docker }: Engine, id: string): Promise<State | undefined> {
  return call(docker.getContainer(id).inspect(), { timeoutMs: ANSWER_MS }).then(
    ({ State: state }) => state,
    () => undefined,
  );
}

/** The engine may run on another machine. @returns NaN if it does not say */
async function clockOf({ docker }: Engine): Promise<number> {
  return call(docker.info(), { timeoutMs: ANSWER_MS }).then(
    ({ SystemTime: time }: { SystemTime?: string }) => Date.parse(time ?? ''),
    () => Number.NaN,
  );
}

function endingOf({ ExitCode: code, OOMKilled: reported }: State): Ending {
  // With cgroups of the second version the engine may miss it; skip the query if Sluice ended the run.
  const outOfMemory = reported ? code !== 0 : code === KILLED && 'likely';
  return { code, signal: null, outOfMemory };
}
