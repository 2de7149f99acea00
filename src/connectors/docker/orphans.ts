/** Labels of our containers, and the end of those whose server is gone. */
import { identify, isAlive, type Project } from '../../project/index.ts';
import { projectId } from './container-records.ts';
import type { Engine } from './engine.ts';
import { call } from './engine-call.ts';

const PROJECT = 'sluice.project';
const SERVER = 'sluice.server';
const RUN = 'sluice.run';

/** @param run names one start of a connector */
export async function labelsFor(project: Project, run: string): Promise<Record<string, string>> {
  return { [PROJECT]: projectId(project), [SERVER]: await ownServer(), [RUN]: run };
}

/** Kills and removes what dead servers of the project of this id left behind on the engine. */
export async function endOrphanContainers(engine: Engine, id: string): Promise<void> {
  const filters = JSON.stringify({ label: [`${PROJECT}=${id}`] });
  const found = await call(engine.docker.listContainers({ all: true, filters }));
  await Promise.all(
    found.map(async ({ Id: container, Labels: labels }) => {
      if (await runsHere(labels?.[SERVER] ?? '')) return;
      await removeContainer(engine, container);
    }),
  );
}

/** Ends it where it runs. Nothing is said where it is gone already, or another one is just removing it. */
export async function removeContainer(engine: Engine, container: string, timeoutMs?: number): Promise<void> {
  const removing = engine.docker.getContainer(container).remove({ force: true, v: true });
  await call(removing, { timeoutMs }).catch((error: unknown) => {
    const status = (error as { status?: number }).status;
    if (status !== 404 && status !== 409) throw error;
  });
}

let own: Promise<string> | undefined;

function ownServer(): Promise<string> {
  own ??= identify(process.pid).then((self) => `${process.pid}@${self?.started ?? ''}`);
  return own;
}

async function runsHere(server: string): Promise<boolean> {
  const [, pid, started] = /^(\d+)@(.*)$/.exec(server) ?? [];
  return pid !== undefined && started !== undefined && (await isAlive({ pid: Number(pid), started }));
}
