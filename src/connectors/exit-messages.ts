import type { Exit } from './types.ts';

/** How a connector ended, to stand behind "it" or "The connector". */
export function exitWords({ code, signal, outOfMemory, overrun, outputCut }: Exit): string {
  if (overrun) return `${overrun.message}. ${overrun.next.replace(/\.$/, '')}`;
  if (outputCut) return 'was cut off: the connection to the Docker engine, which carries its output, broke';
  if (outOfMemory === 'likely') return `was killed, probably out of memory: ${MORE_MEMORY}`;
  if (outOfMemory) return `ran out of memory and was ended: ${MORE_MEMORY}`;
  if (signal === 'SIGKILL' || code === 137) return `was ended by SIGKILL, ${BY_SIGKILL}`;
  if (signal) return `was ended by ${signal}`;
  return code === null ? 'ended, and the Docker engine does not report how' : `ended with exit code ${code}`;
}

export const MORE_MEMORY =
  'its container may take no more than SLUICE_DOCKER_MEMORY says (2g where it is not set). Set more and restart the server, or read fewer streams at once';

/** The usual cause of a SIGKILL that Sluice did not send. */
const BY_SIGKILL = 'mostly a sign that the machine ran out of memory: free some, or read fewer streams at once';
