/** Which connectors are installed in this project, over all runtimes, and their disk usage. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import { installedName, SHARED_CDK } from './installed-name.ts';
import { isPython, type Marker, readMarker } from './markers.ts';
import { readEnvironment } from './python/environment-folder.ts';
import type { InstalledEntry, Runtime } from './types.ts';

/** An installed connector with its folder. */
export interface InstalledFolder extends InstalledEntry {
  readonly folder: string;
  readonly marker: Marker;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/;
const MAX_ENTRIES = 300_000;

/** Every installed version of every connector in every runtime, with its size. */
export async function installedConnectors(project: Project): Promise<InstalledEntry[]> {
  return (await installedFolders(project)).map(({ folder: _, marker: __, ...entry }) => entry);
}

/** The versions of one connector in one runtime, without a look at their size. */
export async function installedVersions(project: Project, connector: string, runtime: Runtime): Promise<string[]> {
  const parent = project.peek('connectors');
  if (parent === undefined || !NAME.test(connector)) return [];
  const markers = await markersIn(join(parent, connector));
  return markers.filter(({ marker }) => (marker.runtime ?? 'python') === runtime).map(({ marker }) => marker.version);
}

/** Every installed connector with its runtime, as `python source-faker`, without a look at sizes. */
export async function installedNames(project: Project): Promise<Set<string>> {
  const parent = project.peek('connectors');
  if (parent === undefined) return new Set();
  const found = await Promise.all(
    (await foldersIn(parent)).map(async (connector) =>
      (await markersIn(join(parent, connector))).map(({ marker }) => `${marker.runtime ?? 'python'} ${connector}`),
    ),
  );
  return new Set(found.flat());
}

/** The same as `installedConnectors`, with folders and markers. */
export async function installedFolders(project: Project): Promise<InstalledFolder[]> {
  const parent = project.peek('connectors');
  if (parent === undefined) return [];
  const found: InstalledFolder[] = [];
  for (const connector of (await foldersIn(parent)).sort()) {
    for (const { folder, marker } of await markersIn(join(parent, connector))) {
      found.push(await describe(connector, folder, marker));
    }
  }
  const manifests = found.filter(({ runtime }) => runtime === 'manifest').map(({ name }) => name);
  return found.map((item) => (item.connector === SHARED_CDK ? { ...item, note: usedBy(manifests) } : item));
}

async function markersIn(home: string): Promise<{ folder: string; marker: Marker }[]> {
  const found: { folder: string; marker: Marker }[] = [];
  for (const name of await foldersIn(home)) {
    const folder = join(home, name);
    const marker = await readMarker(folder);
    if (marker && (!isPython(marker) || (await readEnvironment(folder)))) found.push({ folder, marker });
  }
  return found;
}

async function describe(connector: string, folder: string, marker: Marker): Promise<InstalledFolder> {
  const { id, version, runtime = 'python' } = marker;
  const facts = { connector, version, runtime };
  const base = { ...facts, ...(typeof id === 'string' ? { id } : {}), name: installedName(facts), folder, marker };
  if (marker.runtime !== 'docker') {
    return {
      ...base,
      bytes: await bytesIn(folder),
      ...(isPython(marker) && marker.note ? { note: marker.note } : {}),
    };
  }
  const { bytes, pulled, image } = marker;
  return { ...base, bytes, note: pulled ? image : `${image}, which was on this machine before` };
}

function usedBy(manifests: readonly string[]): string {
  return manifests.length > 0
    ? `shared by ${manifests.join(', ')}`
    : 'no manifest of the registry uses it; one of your own may';
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Bytes on disk of a folder with all in it; links are not followed. */
async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  let seen = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && seen < MAX_ENTRIES; next = folders.pop()) {
    const parent = next;
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
    seen += entries.length;
    folders.push(...entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name)));
    const sizes = entries.filter((entry) => entry.isFile()).map((entry) => lstat(join(parent, entry.name)));
    for (const file of await Promise.allSettled(sizes))
      if (file.status === 'fulfilled') bytes += file.value.blocks * 512;
  }
  return bytes;
}
