import type { ManifestDescription } from './describe-manifest.ts';

export type { ManifestDescription } from './describe-manifest.ts';

/**
 * Describes a manifest from its text; runs nothing.
 * @param source the name of the text for the reader
 * @throws InputError `bad_manifest`
 */
export async function readDescription(text: string, source: string): Promise<ManifestDescription> {
  // The YAML parser is loaded by the first call that needs it.
  const [{ readManifest }, { describeManifest }] = await Promise.all([
    import('./read-manifest.ts'),
    import('./describe-manifest.ts'),
  ]);
  return describeManifest(readManifest(text, source));
}
