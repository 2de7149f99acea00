import type { ManifestDescription } from './describe-manifest.ts';

export type { ManifestDescription } from './describe-manifest.ts';

/**
 * What a manifest's text offers; nothing is run.
 * @param source what the reader knows the text by
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
