/** What runs connectors on this machine, and which connectors are installed. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import { readMarker } from './python/environment-folder.ts';
import { findInterpreters } from './python/interpreters.ts';
import { type Environment, homeOf, isExecutable, programFolders } from './python/places.ts';
import { findUv } from './python/uv.ts';
import type { ConnectorsStatus, InstalledEntry, ToolFound } from './types.ts';

const UV_PAGE = 'https://docs.astral.sh/uv/getting-started/installation';
const MOST_ENTRIES = 300_000;

export async function readStatus(project: Project, environment: Environment): Promise<ConnectorsStatus> {
  const [uv, python, docker, installed] = await Promise.all([
    uvStatus(environment),
    pythonStatus(environment),
    dockerStatus(environment),
    installedConnectors(project),
  ]);
  return { runtimes: [uv, uv.found && !python.found ? { ...python, fix: undefined } : python, docker], installed };
}

async function uvStatus(environment: Environment): Promise<ToolFound> {
  const uv = await findUv(environment);
  return uv
    ? { name: 'uv', found: true, ...uv }
    : {
        name: 'uv',
        found: false,
        fix: `Recommended: install uv (${UV_PAGE}). It installs connectors in seconds and fetches Python itself.`,
      };
}

async function pythonStatus(environment: Environment): Promise<ToolFound> {
  const found = await findInterpreters(environment);
  const python = found.find(({ hasPip }) => hasPip) ?? found[0];
  if (!python) {
    return {
      name: 'python',
      found: false,
      fix: `Install Python 3.11 from your system's packages or python.org, or uv (${UV_PAGE}).`,
    };
  }
  const { path, version, hasPip } = python;
  const minor = version.split('.').slice(0, 2).join('.');
  const fix = hasPip ? {} : { fix: `Without uv, run: sudo apt install python${minor}-venv.` };
  return { name: 'python', found: true, path, version, ...fix };
}

/** Only looks whether it is there: nothing is asked of an engine. */
async function dockerStatus(environment: Environment): Promise<ToolFound> {
  const sockets = ['/var/run/docker.sock', join(homeOf(environment), '.docker', 'run', 'docker.sock')];
  const clients = programFolders(environment).map((folder) => join(folder, 'docker'));
  for (const client of clients) {
    if (await isExecutable(client)) return { name: 'docker', found: true, path: client, fix: DOCKER_LATER };
  }
  for (const socket of sockets) {
    if (await lstat(socket).catch(() => undefined))
      return { name: 'docker', found: true, path: socket, fix: DOCKER_LATER };
  }
  return { name: 'docker', found: false, fix: `Not needed yet: ${DOCKER_LATER}` };
}

const DOCKER_LATER = 'connectors that need Docker come in a later version of Sluice.';

/** Every installed version of every connector, with its size. */
export async function installedConnectors(project: Project): Promise<InstalledEntry[]> {
  const parent = project.peek('connectors');
  if (parent === undefined) return [];
  const found: InstalledEntry[] = [];
  for (const connector of (await foldersIn(parent)).sort()) {
    for (const name of await foldersIn(join(parent, connector))) {
      const folder = join(parent, connector, name);
      const marker = await readMarker(folder);
      if (marker) found.push({ connector, version: marker.version, runtime: 'python', bytes: await bytesIn(folder) });
    }
  }
  return found;
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
  for (let next = folders.pop(); next !== undefined && seen < MOST_ENTRIES; next = folders.pop()) {
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
