/** The file that marks a connector as installed: one per installed folder, for every runtime. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeAtomic } from '../project/index.ts';
import { isObject } from '../protocol/index.ts';

interface Common {
  /** Absent in markers of earlier versions. */
  readonly id?: string;
  readonly connector: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly installed_at: string;
}

/** A Python environment, of a connector or of the CDK that manifests share. */
export interface PythonMarker extends Common {
  /** Absent in markers of the first versions, which knew no other runtime. */
  readonly runtime?: 'python';
  readonly package: string;
  readonly python: string;
  readonly installer: string;
  /** Absolute path of the program. */
  readonly program: string;
  /** Workaround that was applied because the usual way did not start. */
  readonly note?: string;
}

export interface DockerMarker extends Common {
  readonly runtime: 'docker';
  /** `repository:tag`. */
  readonly image: string;
  /** `sha256:…`. */
  readonly image_id: string;
  readonly bytes: number;
  /** Whether Sluice pulled it; otherwise it was on this machine before. */
  readonly pulled: boolean;
}

export interface ManifestMarker extends Common {
  readonly runtime: 'manifest';
  /** Whether the manifest has its own Python code next to it. */
  readonly components: boolean;
  /** SHA-256 of both, in hexadecimal. */
  readonly digest: string;
}

export type Marker = PythonMarker | DockerMarker | ManifestMarker;

/** Written last: a folder without it was interrupted. */
const MARKER = 'installed.json';

/** Reads a folder's marker; undefined if it has no valid one. Only the runtime knows whether it can still run. */
export async function readMarker(folder: string): Promise<Marker | undefined> {
  const marker = await readJson(join(folder, MARKER));
  if (!isObject(marker) || typeof marker.connector !== 'string' || typeof marker.version !== 'string') return undefined;
  const { runtime = 'python' } = marker;
  const fits =
    (runtime === 'python' && typeof marker.program === 'string') ||
    (runtime === 'docker' && typeof marker.image === 'string') ||
    runtime === 'manifest';
  return fits ? (marker as unknown as Marker) : undefined;
}

/** Each marker that is written has an id of its own: what is removed and installed again is another one. */
export async function writeMarker(folder: string, marker: Marker): Promise<void> {
  await writeAtomic(join(folder, MARKER), `${JSON.stringify({ id: randomUUID(), ...marker }, undefined, 2)}\n`);
}

/** Removed before the rest of a folder, so that a half-removed folder does not count as installed. */
export function removeMarker(folder: string): Promise<void> {
  return rm(join(folder, MARKER), { force: true });
}

export function isPython(marker: Marker | undefined): marker is PythonMarker {
  return marker !== undefined && (marker.runtime ?? 'python') === 'python';
}
