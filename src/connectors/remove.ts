/** Takes installed connectors, and what was kept of their answers, from the project. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Project, readJson, withLock } from '../project/index.ts';
import { isObject } from '../protocol/index.ts';
import { removeMarker } from './python/environment-folder.ts';
import { installedConnectors } from './status.ts';
import type { InstalledEntry } from './types.ts';

/**
 * Removes one version's environment.
 * @returns it with the bytes that it took on disk, or undefined where it is not installed
 * @throws LimitError `locked` while it is being installed
 */
export async function removeInstalled(
  project: Project,
  connector: string,
  version: string,
): Promise<InstalledEntry | undefined> {
  const lock = join(await project.folder('locks'), `install-${connector}-${version}.lock`);
  return withLock(lock, { purpose: `removing ${connector} ${version}`, waitMs: 0 }, async () => {
    const entry = (await installedConnectors(project)).find(
      (other) => other.connector === connector && other.version === version,
    );
    if (!entry) return undefined;
    const folder = join(await project.folder('connectors'), connector, version);
    // Without its marker a half-removed folder counts as nothing.
    await removeMarker(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    return entry;
  });
}

/** Catalogs are kept by configuration, whose source is not known any more: all of this connector's go. */
export async function forgetCatalogs(project: Project, connector: string): Promise<void> {
  const folder = await project.folder('catalogs');
  for (const name of await readdir(folder)) {
    if (!name.startsWith('catalog-')) continue;
    const kept = await readJson(join(folder, name));
    if (isObject(kept) && isObject(kept.key) && kept.key.connector === connector) {
      await rm(join(folder, name), { force: true });
    }
  }
}
