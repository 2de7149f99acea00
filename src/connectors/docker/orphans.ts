/** Labels of our containers, and the removal of those whose server has exited. */
import { identify, isAlive, type Project } from '../../project/index.ts';
import { projectId } from './container-records.ts';
import type { Engine } from './engine.ts';
import { findContainers, type Labels, PROJECT_LABEL, removeContainer, SERVER_LABEL } from './remove-containers.ts';

/** Names one start of a connector. */
export const RUN_LABEL = 'sluice.run';

/** What all containers of this server carry, and no others. */
export async function serverLabels(project: Project): Promise<Labels> {
  return { [PROJECT_LABEL]: projectId(project), [SERVER_LABEL]: await ownServer() };
}

/** Kills and removes what dead servers of the project of this id left behind on the engine. */
export async function endOrphanContainers({ docker }: Engine, id: string): Promise<void> {
  const found = await findContainers(docker, { [PROJECT_LABEL]: id });
  await Promise.all(
    found.map(async ({ Id: container, Labels: labels }) => {
      if (await runsHere(labels?.[SERVER_LABEL] ?? '')) return;
      await removeContainer(docker, container);
    }),
  );
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
