/** What runs connectors on this machine. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import { installedConnectors } from './installed.ts';
import { findInterpreters } from './python/interpreters.ts';
import { type Environment, homeOf, isExecutable, programFolders } from './python/places.ts';
import { findUv } from './python/uv.ts';
import type { ConnectorsStatus, ToolFound } from './types.ts';

const UV_PAGE = 'https://docs.astral.sh/uv/getting-started/installation';

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
