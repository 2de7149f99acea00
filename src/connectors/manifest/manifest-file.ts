/** Reads a user's own manifest from an allowed folder. */
import type { Settings } from '../../config/index.ts';
import { InputError, RefusedError } from '../../errors.ts';
import { type FileRules, readAllowedFile } from '../../secrets/index.ts';
import { specOf } from './describe-manifest.ts';
import { type Manifest, readManifest } from './read-manifest.ts';

const FILE_RULES: FileRules = {
  files: 'manifests',
  kind: 'a YAML file',
  // A query's result, exported, must not become a connector.
  ownFile: {
    message: 'a file that Sluice or a connector wrote',
    fix: 'Use a manifest of the user, from another folder.',
  },
  maxMebibytes: 8,
  tooLarge: 'Check that this is the right file.',
};

/**
 * @param path absolute
 * @returns `real` is the path without links
 * @throws RefusedError `manifest_outside`; InputError `manifest_unreadable`, `bad_manifest`
 */
export async function readManifestFile(
  path: string,
  settings: Settings,
): Promise<{ readonly text: string; readonly real: string; readonly manifest: Manifest }> {
  const file = await readAllowedFile(path, settings, FILE_RULES);
  if (!('text' in file)) {
    throw file.outside
      ? new RefusedError('manifest_outside', file.message, file.fix)
      : new InputError('manifest_unreadable', file.message, file.fix);
  }
  const manifest = readManifest(file.text, path);
  checkSpec(manifest, path);
  return { ...file, manifest };
}

/** The CDK refuses an empty spec; without this check, secret fields would not be recognized until then. */
export function checkSpec(manifest: Manifest, source: string): void {
  if (manifest.document.spec !== undefined && !specOf(manifest)) throw noSpecification(source);
}

function noSpecification(source: string): InputError {
  return new InputError(
    'bad_manifest',
    `${source} cannot be used: its spec has no connection_specification with keys and values.`,
    'Write spec: {type: Spec, connection_specification: {type: object, properties: …}}, or leave spec out.',
  );
}
