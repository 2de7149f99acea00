/** Checks where a destination writes: files inside its container would be lost while the sync state remains. */
import { join } from 'node:path';
import type { DockerSettings } from '../../config/index.ts';
import type { Problem } from '../../errors.ts';
import { isHeldValue, isObject, type JsonValue } from '../../protocol/index.ts';

/** @returns what is wrong with the path of a destination's configuration that no mounted folder holds */
export function lostPath(config: JsonValue, { mounts }: Pick<DockerSettings, 'mounts'>): Problem | undefined {
  if (!isObject(config)) return undefined;
  const { destination_path: path, host } = config;
  // With a host it is a path of that server; `md:` and the like are addresses.
  if (typeof path !== 'string' || isHeldValue(path) || host !== undefined || /^[a-z][a-z0-9+.-]*:/i.test(path))
    return undefined;
  // Airbyte's own destinations put /local before a path that does not begin with it.
  const candidates = [join('/', path), join('/local', path)];
  const isMounted = mounts.some(({ target }) => {
    const folder = target.replace(/\/$/, '');
    return candidates.some((candidate) => candidate === folder || candidate.startsWith(`${folder}/`));
  });
  if (isMounted) return undefined;
  const shown = mounts.map(({ target }) => target).join(' or ');
  return {
    path: 'destination_path',
    message: 'The path is inside the container, and what is written there is lost when the container ends.',
    fix: shown
      ? `Write a path below ${shown}, which SLUICE_DOCKER_MOUNTS shows it.`
      : 'Ask the user to set SLUICE_DOCKER_MOUNTS=/abs/folder=/local and restart the server, and write a path below /local.',
  };
}
