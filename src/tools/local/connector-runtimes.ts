/** Whether and how a connector of the registry runs on this machine. */
import * as z from 'zod';
import type { RuntimeVerdict } from '../../connectors/index.ts';
import type { RegistryEntry } from '../../registry/index.ts';
import type { Services } from '../services.ts';
import { REGISTRY_RUNTIMES } from './connector-arguments.ts';

export const runtimeOutput = z.object({
  runtime: z.enum(REGISTRY_RUNTIMES),
  state: z.enum(['ready', 'download', 'unreachable', 'missing']),
  runs_here: z.boolean(),
  reason: z.string(),
});
export type RuntimeHere = z.infer<typeof runtimeOutput>;

/** One verdict for each runtime that the registry offers, the cheapest first: the first that runs is used. */
export async function runtimesHere(
  { name, runtimes, pypiPackage, repository, version, cdkVersion }: RegistryEntry,
  asked: string | undefined,
  { connectors, registry }: Pick<Services, 'connectors' | 'registry'>,
  signal: AbortSignal,
): Promise<RuntimeHere[]> {
  const facts = { runtimes, pypiPackage, repository, version, cdkVersion, versionsHost: registry.versionsHost() };
  const verdicts = await connectors.runtimesFor({ connector: name, version: asked }, facts, signal);
  return shownVerdicts(verdicts);
}

export function shownVerdicts(verdicts: readonly RuntimeVerdict[]): RuntimeHere[] {
  return verdicts.flatMap(({ runtime, works, state, reason, fix }) =>
    runtime === 'executable'
      ? []
      : [{ runtime, state, runs_here: works, reason: works || fix === undefined ? reason : `${reason}. ${fix}` }],
  );
}
