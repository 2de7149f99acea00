/** Takes installed connectors, and what was kept of their answers, from the project. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Project, readJson, withLock } from '../project/index.ts';
import { isObject } from '../protocol/index.ts';
import { installedFolders } from './installed.ts';
import { type DockerMarker, removeMarker } from './markers.ts';
import type { InstalledEntry, Removed } from './types.ts';

/** Removes an image that Sluice pulled. @returns what is to be said of it where it stays, such as that a container uses it */
export type RemoveImage = (marker: DockerMarker) => Promise<string | undefined>;

/**
 * Removes one version in one runtime: its folder, and its image where Sluice pulled it.
 * @returns it with the bytes that it took on disk, or undefined where it is not installed
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
  const find = async () => (await installedFolders(project)).find((place) => place.name === name);
  const before = await find();
  if (!before) return undefined;
  const lock = join(await project.folder('locks'), `install-${before.connector}-${basename(before.folder)}.lock`);
  return withLock(lock, { purpose: `removing ${name}`, waitMs: 0 }, async () => {
    const place = await find();
    if (!place) return undefined;
    const { folder, marker, ...entry } = place;
    authorize(entry);
    const stays = marker.runtime === 'docker' ? await forgetImage(marker, removeImage) : undefined;
    await removeMarker(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    return { entry, stays };
  });
}

async function forgetImage(marker: DockerMarker, removeImage: RemoveImage): Promise<string | undefined> {
  if (marker.pulled) return removeImage(marker);
  return `the image ${marker.image}: it was on this machine before Sluice used it`;
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
