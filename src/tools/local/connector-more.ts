/** The parts of get_connector_info that come by request: version history, upstream documentation, manifest. */
import * as z from 'zod';
import { readDescription } from '../../connectors/index.ts';
import { SluiceError } from '../../errors.ts';
import type { RegistryEntry } from '../../registry/index.ts';
import type { Call } from '../tool.ts';
import { manifestFacts, manifestFactsOutput } from './manifest-facts.ts';

export const INCLUDES = ['spec', 'versions', 'docs', 'streams', 'manifest'] as const;
export type Include = (typeof INCLUDES)[number];

const RELEASES_MAX = 30;
const MANIFEST_MAX_CHARACTERS = 40_000;

export const moreOutput = {
  versions: z
    .object({
      registry_version: z.string(),
      release_candidates: z.array(z.string()),
      breaking_changes: z.array(
        z.object({
          version: z.string(),
          deadline: z.string().optional(),
          message: z.string(),
          migration_url: z.string().optional(),
        }),
      ),
      pypi_releases: z
        .array(
          z.object({
            version: z.string(),
            date: z.string().optional(),
            requires_python: z.string().optional(),
            yanked: z.boolean().optional(),
          }),
        )
        .optional(),
      pypi_release_count: z.number().optional(),
    })
    .optional(),
  docs: z.array(z.object({ title: z.string(), kind: z.string(), url: z.string() })).optional(),
  manifest_facts: manifestFactsOutput.optional(),
  manifest: z.string().optional(),
};
const shape = z.object(moreOutput);

export interface More {
  readonly data: z.infer<typeof shape>;
  /** What was unavailable, and why: the rest of the answer is unaffected. */
  readonly notes: readonly string[];
}

export async function moreOf(
  entry: RegistryEntry,
  version: string,
  include: readonly Include[],
  { services: { registry, settings }, signal }: Call,
): Promise<More> {
  const notes: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SluiceError) || signal.aborted) throw error;
      notes.push(`${error.message} ${error.next}`);
      return undefined;
    }
  };
  const data: z.infer<typeof shape> = {};
  if (include.includes('docs')) data.docs = entry.externalDocumentation.map((link) => ({ ...link }));
  if (include.includes('versions')) {
    const { pypiPackage } = entry;
    if (pypiPackage && settings.offline) notes.push('Offline mode is on: PyPI was not asked for releases.');
    const releases =
      pypiPackage && !settings.offline ? await attempt(() => registry.releases(pypiPackage, signal)) : undefined;
    data.versions = {
      registry_version: entry.version,
      release_candidates: [...entry.releaseCandidates],
      breaking_changes: entry.breakingChanges.map(({ migrationUrl, ...change }) => ({
        ...change,
        migration_url: migrationUrl,
      })),
      // Snapshots of single commits are not offered.
      pypi_releases: releases
        ?.filter(({ version: released }) => !released.includes('dev'))
        .slice(0, RELEASES_MAX)
        .map(({ version: released, date, requiresPython, yanked }) => ({
          version: released,
          date,
          requires_python: requiresPython,
          yanked: yanked || undefined,
        })),
      pypi_release_count: releases?.length,
    };
  }
  if (include.includes('manifest') || include.includes('streams')) {
    if (!entry.runtimes.includes('manifest'))
      notes.push(`${entry.name} is not a low-code connector: it has no manifest.`);
    else {
      const manifest = await attempt(() => registry.manifest(entry, version, signal));
      const source = `The manifest of ${entry.name} ${version}`;
      const description = manifest ? await attempt(() => readDescription(manifest, source)) : undefined;
      if (description) data.manifest_facts = manifestFacts(description, entry.cdkVersion);
      if (manifest && include.includes('manifest')) {
        data.manifest = manifest.slice(0, MANIFEST_MAX_CHARACTERS);
        if (manifest.length > MANIFEST_MAX_CHARACTERS)
          notes.push(`The manifest is cut: ${manifest.length - MANIFEST_MAX_CHARACTERS} more characters.`);
      }
    }
  }
  return { data, notes };
}
