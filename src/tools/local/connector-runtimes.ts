/** Whether and how a connector of the registry runs on this machine. */
import * as z from 'zod';
import type { ConnectorsStatus } from '../../connectors/index.ts';
import type { RegistryEntry, RegistryRuntime } from '../../registry/index.ts';

export const runtimeOutput = z.object({
  runtime: z.enum(['python', 'docker', 'manifest']),
  runs_here: z.boolean(),
  reason: z.string(),
});
export type RuntimeHere = z.infer<typeof runtimeOutput>;

const NOT_YET = 'not supported by this version of Sluice yet';

export function runtimesHere(entry: RegistryEntry, status: ConnectorsStatus): RuntimeHere[] {
  return entry.runtimes.map((runtime) => ({ runtime, ...verdict(entry, runtime, status) }));
}

function verdict(
  entry: RegistryEntry,
  runtime: RegistryRuntime,
  status: ConnectorsStatus,
): Omit<RuntimeHere, 'runtime'> {
  if (runtime !== 'python') return { runs_here: false, reason: NOT_YET };
  if (entry.type === 'destination') return { runs_here: false, reason: `destinations are ${NOT_YET}` };
  const installers = status.runtimes.filter(({ name }) => name === 'uv' || name === 'python');
  const installer = installers.find(({ found }) => found);
  if (!installer) {
    const fixes = installers.flatMap(({ fix }) => fix ?? []);
    return { runs_here: false, reason: ['neither uv nor Python is found on this machine', ...fixes].join('; ') };
  }
  const installed = status.installed.filter(({ connector }) => connector === entry.name).map(({ version }) => version);
  const by = `${installer.name}${installer.version ? ` ${installer.version}` : ''}`;
  return installed.length > 0
    ? { runs_here: true, reason: `installed: ${installed.join(', ')}` }
    : { runs_here: true, reason: `installed on first use from PyPI (${entry.pypiPackage}) by ${by}` };
}
