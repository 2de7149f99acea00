/** How a container ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from '../types.ts';
import type { Engine } from './engine.ts';
import { call } from './engine-call.ts';

const LOOK_EVERY_MS = 1000;
const ANSWER_MS = 5000;
/** 128 and SIGKILL. */
const KILLED = 137;

type Ending = Omit<Exit, 'stderrTail'>;

/** The engine is gone, or the container was removed by somebody: nothing more can be known. */
const UNKNOWN: Ending = { code: null, signal: null };

/** Settles when the container has ended, or nothing can be known of it any more; never rejects. */
export async function waitForEnd(engine: Engine, id: string, outputEnded: Promise<void>): Promise<Ending> {
  const container = engine.docker.getContainer(id);
  const waited = call(container.wait(), { timeoutMs: 0 }).then(
    async () => (await endingOf(engine, id)) ?? UNKNOWN,
    () => UNKNOWN,
  );
  return Promise.race([waited, outputEnded.then(() => watchEnd(engine, id))]);
}

/** A connection that is cut while it waits says nothing any more: then the engine is asked again and again. */
async function watchEnd(engine: Engine, id: string): Promise<Ending> {
  for (;;) {
    await sleep(LOOK_EVERY_MS, undefined, { ref: false });
    const ending = await endingOf(engine, id);
    if (ending) return ending;
  }
}

/** How the container ended; undefined while it runs. */
async function endingOf(engine: Engine, id: string): Promise<Ending | undefined> {
  try {
    const { State: state } = await call(engine.docker.getContainer(id).inspect(), { timeoutMs: ANSWER_MS });
    if (state.Running) return undefined;
    const { ExitCode: code, OOMKilled: told } = state;
    // With cgroups of the second version the engine may miss it; a run that is ended by us asks nobody.
    const outOfMemory = told ? code !== 0 : code === KILLED && 'likely';
    return { code, signal: null, outOfMemory };
  } catch {
    return UNKNOWN;
  }
}
