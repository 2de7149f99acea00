/** Python code that manifests refer to: the registry's only with a valid checksum, the user's only from folders whose programs may run. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Settings } from '../../config/index.ts';
import { InputError, RefusedError, systemCode } from '../../errors.ts';
import { isInsideAny } from '../../secrets/index.ts';
import type { Manifest } from './read-manifest.ts';
import { reachable } from './references.ts';

const MAX_SIZE = 4 * 1024 * 1024;

/** Whether classes are named that lie in a `components.py`, and not in the CDK itself. */
export function needsComponents({ document, bringsCode }: Manifest): boolean {
  if (!bringsCode) return false;
  for (const { class_name: name } of reachable(document, document))
    if (typeof name === 'string' && /^(source_declarative_manifest\.)?components\./.test(name)) return true;
  return false;
}

/**
 * The `components.py` next to a user's own manifest; undefined if the manifest needs none.
 * @param manifest absolute path without links
 * @throws RefusedError `components_not_allowed`; InputError `no_components`
 */
export async function componentsBeside(
  manifest: string,
  checked: Manifest,
  settings: Settings,
): Promise<string | undefined> {
  if (!checked.bringsCode) return undefined;
  const folder = dirname(manifest);
  const path = join(folder, 'components.py');
  const real = await realpath(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw unreadable(path, error);
  });
  const allowed = settings.executableDirectories;
  // Without a file of its own it may still name any class of any installed package: that is code too.
  if (!(await isInsideAny(real ?? path, allowed))) throw notAllowed(manifest, folder);
  if (!needsComponents(checked)) return undefined;
  if (real === undefined) {
    throw new InputError(
      'no_components',
      `${manifest} names Python classes of its own, but there is no components.py next to it.`,
      'Put components.py into the same folder.',
    );
  }
  const { size } = await stat(real);
  if (size > MAX_SIZE) {
    throw new InputError('bad_components', `${path} is larger than 4 MiB.`, 'Check that this is the right file.');
  }
  return readFile(real, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

function unreadable(path: string, error: unknown): InputError {
  return new InputError(
    'bad_components',
    `${path} cannot be read (${systemCode(error) ?? 'unknown error'}).`,
    'Ask the user to make it readable.',
  );
}

function notAllowed(manifest: string, folder: string): RefusedError {
  return new RefusedError(
    'components_not_allowed',
    `${manifest} names Python classes of its own (class_name), and code from its folder may not run.`,
    `Take the custom components out of it, or let a person add ${folder} to SLUICE_ALLOW_EXECUTABLES and restart the server.`,
  );
}
