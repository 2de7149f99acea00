/** What runs connectors on this machine. */
import { SluiceError } from '../errors.ts';
import type { Project } from '../project/index.ts';
import type { DockerEnvironment } from './docker/engine-address.ts';
import { installedConnectors } from './installed.ts';
import { findInterpreters } from './python/interpreters.ts';
import type { Environment } from './python/program-folders.ts';
import { noVenv } from './python/python-missing.ts';
import { findUv } from './python/uv.ts';
import type { ConnectorsStatus, ToolFound } from './types.ts';

const UV_PAGE = 'https://docs.astral.sh/uv/getting-started/installation';

export async function readStatus(
  project: Project,
  environment: Environment,
  dockerEnvironment: DockerEnvironment,
): Promise<Omit<ConnectorsStatus, 'sandbox' | 'hosts'>> {
  const [uv, python, docker, installed] = await Promise.all([
    uvStatus(environment),
    pythonStatus(environment),
    dockerStatus(dockerEnvironment),
    installedConnectors(project),
  ]);
  return { runtimes: [uv, uv.found ? withoutFix(python) : python, docker], installed };
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

/** uv fetches Python itself, and needs no `venv` of one that is here. */
function withoutFix({ fix: _, ...python }: ToolFound): ToolFound {
  return { ...python, found: python.path !== undefined };
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
  if (hasPip) return { name: 'python', found: true, path, version };
  const { message, next } = noVenv(python);
  return { name: 'python', found: false, path, version, fix: `${message} ${next}` };
}

/** Queries the engine: an installed command does not prove that it runs. */
async function dockerStatus(environment: DockerEnvironment): Promise<ToolFound> {
  try {
    const { connectEngine } = await import('./docker/engine.ts');
    const { address, version } = await connectEngine(environment);
    return { name: 'docker', found: true, path: address.name, version };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { name: 'docker', found: false, fix: `${error.message} ${error.next}` };
  }
}
