/** Manifests of the registry as they were fetched, in the project: `connectors/NAME/manifest-VERSION/`. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Project, withLock, writeAtomic } from '../../project/index.ts';
import { readMarker, removeMarker, writeMarker } from '../markers.ts';
import type { ManifestFiles } from '../types.ts';

const MANIFEST = 'manifest.yaml';
const COMPONENTS = 'components.py';
const LOCK_WAIT_MS = 60_000;

/** @returns undefined if no complete copy is stored */
export async function storedManifest(
  project: Project,
  connector: string,
  version: string,
): Promise<ManifestFiles | undefined> {
  const home = project.peek('connectors');
  if (home === undefined) return undefined;
  const folder = join(home, connector, `manifest-${version}`);
  const marker = await readMarker(folder);
  if (marker?.runtime !== 'manifest') return undefined;
  const [manifest, components] = await Promise.all([
    readFile(join(folder, MANIFEST), 'utf8').catch(() => undefined),
    readFile(join(folder, COMPONENTS), 'utf8').catch(() => undefined),
  ]);
  if (manifest === undefined || (marker.components && components === undefined)) return undefined;
  const files = { manifest, ...(marker.components ? { components } : {}) };
  // Code was verified against its published checksum once; files that changed since are fetched again.
  return marker.digest === digestOf(files) ? files : undefined;
}

/** The marker is written last: a folder without it was interrupted. */
export async function keepManifest(
  project: Project,
  connector: string,
  version: string,
  { manifest, components }: ManifestFiles,
): Promise<void> {
  const lock = join(await project.folder('locks'), `install-${connector}-manifest-${version}.lock`);
  const purpose = `keeping the manifest of ${connector} ${version}`;
  await withLock(lock, { purpose, waitMs: LOCK_WAIT_MS }, async () => {
    const folder = join(await project.folder('connectors'), connector, `manifest-${version}`);
    const before = await readMarker(folder);
    await removeMarker(folder);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeAtomic(join(folder, MANIFEST), manifest);
    if (components !== undefined) await writeAtomic(join(folder, COMPONENTS), components);
    const installed_at = new Date().toISOString();
    await writeMarker(folder, {
      // Fetching it again does not change which session fetched it first.
      ...(before ? { id: before.id } : {}),
      connector,
      version,
      runtime: 'manifest',
      components: components !== undefined,
      digest: digestOf({ manifest, components }),
      installed_at,
    });
  });
}

function digestOf({
  manifest,
  components = null,
}: {
  manifest: string;
  components?: string | null | undefined;
}): string {
  return createHash('sha256')
    .update(JSON.stringify([manifest, components]))
    .digest('hex');
}
