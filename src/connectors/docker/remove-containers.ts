/** The end of containers on the engine, one by its id or all that carry some labels. */
import type Docker from 'dockerode';
import { call } from './engine-call.ts';

export const PROJECT_LABEL = 'sluice.project';
export const SERVER_LABEL = 'sluice.server';

/** A container's labels, all of which it must carry to be meant. */
export type Labels = Readonly<Record<string, string>>;

/** Containers that carry all these labels, whether they run or not. */
export async function findContainers(
  docker: Docker,
  labels: Labels,
  timeoutMs?: number,
): Promise<Docker.ContainerInfo[]> {
  const filters = JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
  return call(docker.listContainers({ all: true, filters }), { timeoutMs });
}

/** Kills it if it runs. Already removed, or being removed by somebody else, is not an error. */
export async function removeContainer(docker: Docker, id: string, timeoutMs?: number): Promise<void> {
  const removing = docker.getContainer(id).remove({ force: true, v: true });
  await call(removing, { timeoutMs }).catch((error: unknown) => {
    const status = (error as { status?: number }).status;
    if (status !== 404 && status !== 409) throw error;
  });
}
