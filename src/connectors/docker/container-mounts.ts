/** The folders that a person shows containers, without what no connector may see. */
import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { MountSettings } from 'dockerode';
import type { DockerSettings } from '../../config/index.ts';
import { SetupError } from '../../errors.ts';
import { isWithin, resolveLinks } from '../sandbox/index.ts';

/**
 * @param writable whether the container may write into them
 * @param protectedPaths absolute, with and without links
 * @throws SetupError `mount_protected` for a folder inside a protected path, or one that would let a container write next to it
 */
export async function containerMounts(
  mounts: DockerSettings['mounts'],
  writable: boolean,
  protectedPaths: readonly string[],
): Promise<MountSettings[]> {
  const planned = await Promise.all(
    mounts.map(async ({ folder, target }) => {
      const real = await resolveLinks(folder);
      const inside = protectedPaths.filter((path) => isWithin(path, real));
      const isRefused = protectedPaths.some((path) => isWithin(real, path)) || (writable && inside.length > 0);
      if (isRefused) throw refused(folder);
      const covers = await Promise.all(inside.map((path) => cover(path, join(target, relative(real, path)))));
      const shown: MountSettings = { Type: 'bind', Source: folder, Target: target, ReadOnly: !writable };
      return [shown, ...covers.flat()];
    }),
  );
  return planned.flat();
}

/** Empty if it does not exist or is a link: the link's target is covered if it is in the same folder. */
async function cover(path: string, target: string): Promise<MountSettings[]> {
  if ((await resolveLinks(path)) !== path) return [];
  const found = await stat(path).catch(() => undefined);
  if (!found) return [];
  return found.isDirectory()
    ? [{ Type: 'tmpfs', Source: '', Target: target, ReadOnly: true }]
    : [{ Type: 'bind', Source: '/dev/null', Target: target, ReadOnly: true }];
}

function refused(folder: string): SetupError {
  return new SetupError(
    'mount_protected',
    `SLUICE_DOCKER_MOUNTS exposes ${folder}, which contains or is inside the env file or a folder of Sluice.`,
    'Name another folder in SLUICE_DOCKER_MOUNTS, one for the data alone, and restart the server.',
  );
}
