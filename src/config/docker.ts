/** The resources of containers, and the folders of this machine that they may read; destinations also write there. */
import { delimiter, isAbsolute, normalize } from 'node:path';
import { MEMORY_FORMAT, readMemory } from './memory.ts';
import type { DockerSettings, Lookup } from './settings.ts';

/** An invalid value counts as not set, with a warning, so that a typing mistake never removes a limit. */
export function readDocker(lookup: Lookup): { docker: DockerSettings; warnings: string[] } {
  const warnings: string[] = [];
  const read = <T>(name: string, byDefault: string, expected: string, parse: (value: string) => T | undefined): T => {
    const value = lookup(name)?.value.trim();
    const parsed = value === undefined ? undefined : parse(value);
    if (value !== undefined && parsed === undefined)
      warnings.push(`${name} must be ${expected}; its value is not, so it counts as ${byDefault}.`);
    const fallback = parsed ?? parse(byDefault);
    if (fallback === undefined) throw new TypeError(`${name} has no usable default`);
    return fallback;
  };
  const memoryBytes = read('SLUICE_DOCKER_MEMORY', '2g', MEMORY_FORMAT, readMemory);
  const cpus = read('SLUICE_DOCKER_CPUS', '2', 'a number such as 2 or 0.5, at least 0.1', (value) =>
    /^\d{1,4}(\.\d+)?$/.test(value) && Number(value) >= 0.1 ? Number(value) : undefined,
  );
  const pids = read('SLUICE_DOCKER_PIDS', '1024', 'a whole number of at least 16', (value) =>
    /^\d{1,7}$/.test(value) && Number(value) >= 16 ? Number(value) : undefined,
  );
  const mounts = readMounts(lookup('SLUICE_DOCKER_MOUNTS')?.value ?? '', warnings);
  return { docker: { memoryBytes, cpus, pids, mounts }, warnings };
}

/** Folders are separated as in PATH, by a colon; `/data=/local` sets the path in the container. */
function readMounts(value: string, warnings: string[]): DockerSettings['mounts'] {
  return value
    .split(delimiter)
    .filter((part) => part.trim() !== '')
    .flatMap((part) => {
      const [folder = '', target = folder, ...more] = part.trim().split('=');
      const usable = more.length === 0 && [folder, target].every((path) => isAbsolute(path) && !path.includes('\0'));
      if (usable && normalize(target) !== '/') return [{ folder, target }];
      warnings.push(
        `SLUICE_DOCKER_MOUNTS: ${JSON.stringify(part.slice(0, 200))} is left out. Write /absolute/folder, or /absolute/folder=/path/in/container.`,
      );
      return [];
    });
}
