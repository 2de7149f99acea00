import type { Exit } from './types.ts';

/** How a connector ended, to stand behind "it" or "The connector". */
export function exitWords({ code, signal, outOfMemory }: Exit): string {
  if (outOfMemory) return `ran out of memory and was ended: ${MORE_MEMORY}`;
  if (signal) return `was ended by ${signal}`;
  return code === null ? 'is gone, and the Docker engine does not tell how it ended' : `ended with exit code ${code}`;
}

export const MORE_MEMORY =
  'its container may take no more than SLUICE_DOCKER_MEMORY says (2g where it is not set). Set more and restart the server, or read fewer streams at once';
