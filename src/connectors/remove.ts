/** Removes installed connectors and their cached answers from the project. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Project, readJson, withLock } from '../project/index.ts';
import { isObject } from '../protocol/index.ts';
import { installedFolders } from './installed.ts';
import { type DockerMarker, removeMarker } from './markers.ts';
import type { InstalledEntry, Removed } from './types.ts';

/** Removes an image that Sluice pulled. @returns the message to report if it is not removed, such as that a container uses it */
export type RemoveImage = (marker: DockerMarker) => Promise<string | undefined>;

/**
 * Removes one version in one runtime: its folder, and its image if Sluice pulled it.
 * @returns it with the bytes it used on disk, or undefined if it is not installed
 * @throws LimitError `locked` while it is being installed
 */
export async function removeInstalled(
  project: Project,
  { name }: Pick<InstalledEntry, 'name'>,
  {
    removeImage,
    authorize,
  }: { readonly removeImage: RemoveImage; readonly authorize: (entry: InstalledEntry) => void },
): Promise<Removed | undefined> {
  const find = async () => (await installedFolders(project)).find((item) => item.name === name);
  const before = await find();
  if (!before) return undefined;
  const lock = join(await project.folder('locks'), `install-${before.connector}-${basename(before.folder)}.lock`);
  return withLock(lock, { purpose: `removing ${name}`, waitMs: 0 }, async () => {
    const installed = await find();
    if (!installed) return undefined;
    const { folder, marker, ...entry } = installed;
    authorize(entry);
    const stays = marker.runtime === 'docker' ? await removeUnusedImage(marker, removeImage) : undefined;
    await removeMarker(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    return { entry, stays };
  });
}

async function removeUnusedImage(marker: DockerMarker, removeImage: RemoveImage): Promise<string | undefined> {
  if (marker.pulled) return removeImage(marker);
  return `the image ${marker.image}: it was on this machine before Sluice used it`;
}

/** Catalogs are cached by configuration, whose source is no longer known: remove all of this connector. */
export async function removeCatalogs(project: Project, connector: string): Promise<void> {
  const folder = await project.folder('catalogs');
  for (const name of await readdir(folder)) {
    if (!name.startsWith('catalog-')) continue;
    const cached = await readJson(join(folder, name));
    if (isObject(cached) && isObject(cached.key) && cached.key.connector === connector) {
      await rm(join(folder, name), { force: true });
    }
  }
}
