/** Finds the Docker engine and queries it: a command in the PATH does not prove that an engine answers. */
import { join } from 'node:path';
import type Docker from 'dockerode';
import { messageOf, SetupError, systemCode } from '../../errors.ts';
import { isExecutable, programFolders } from '../python/program-folders.ts';
import { type DockerEnvironment, type EngineAddress, engineAddresses } from './engine-address.ts';
import { call, dockerAt, EngineError } from './engine-call.ts';

export interface Engine {
  readonly docker: Docker;
  readonly address: EngineAddress;
  /** Of the engine, such as `28.2.2`. */
  readonly version: string;
}

/** `host-gateway`, by which a container reaches this machine, came with 20.10. */
const LEAST_API = '1.41';
/** The newest that this code was written against; a later engine still speaks it. */
const NEWEST_API = '1.47';
const PROBE_MS = 3000;

interface VersionAnswer {
  readonly Version?: string;
  readonly ApiVersion?: string;
  readonly MinAPIVersion?: string;
  readonly Os?: string;
}

/**
 * The first engine that answers.
 * @throws SetupError `docker_not_installed`, `docker_not_running`, `docker_permission`, `docker_no_answer`, `docker_too_old`, or of the address
 */
export async function connectEngine(environment: DockerEnvironment, signal?: AbortSignal): Promise<Engine> {
  return connectFirst(await engineAddresses(environment), environment, signal);
}

/** The same, of addresses that are known. */
export async function connectFirst(
  addresses: readonly EngineAddress[],
  environment: DockerEnvironment,
  signal?: AbortSignal,
): Promise<Engine> {
  const failures: { readonly address: EngineAddress; readonly error: unknown }[] = [];
  for (const address of addresses) {
    try {
      return await probe(address, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SetupError) throw error;
      failures.push({ address, error });
    }
  }
  const reported = failures.find(({ error, address }) => address.by || systemCode(error) !== 'ENOENT');
  throw reported ? probeError(reported.address, reported.error) : await absentError(environment);
}

async function probe(address: EngineAddress, signal: AbortSignal | undefined): Promise<Engine> {
  const asked = dockerAt(address, undefined, PROBE_MS).version();
  const answer: VersionAnswer | undefined = await call(asked, { signal, timeoutMs: PROBE_MS });
  const { Version: version, ApiVersion: newest, MinAPIVersion: oldest = newest, Os: system } = answer ?? {};
  if (typeof version !== 'string' || typeof newest !== 'string' || typeof oldest !== 'string') {
    throw new EngineError(200, 'its answer is not that of an engine');
  }
  if (isBefore(newest, LEAST_API)) {
    throw new SetupError(
      'docker_too_old',
      `The Docker engine ${version.slice(0, 40)} at ${address.name} is too old.`,
      'Install Docker 20.10 or a later version.',
    );
  }
  if (system === 'windows') {
    throw new SetupError(
      'docker_windows_containers',
      'The Docker engine runs Windows containers, and connectors are Linux programs.',
      'Switch Docker Desktop to Linux containers.',
    );
  }
  const spoken = isBefore(newest, NEWEST_API) || isBefore(NEWEST_API, oldest) ? newest : NEWEST_API;
  return { docker: dockerAt(address, spoken), address, version };
}

function isBefore(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function probeError(address: EngineAddress, error: unknown): SetupError {
  const { name, by } = address;
  const withAddress = (what: string): string =>
    by ? `${by} says ${name}, and ${what}.` : `${what[0]?.toUpperCase()}${what.slice(1)}.`;
  const facts = { cause: error, details: { address: name } };
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return new SetupError(
        'docker_permission',
        withAddress(`the Docker engine at ${name} may not be used by this user`),
        'Run: sudo usermod -aG docker "$USER"; then log out and in again, and restart the client. Or use rootless Docker.',
        facts,
      );
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return new SetupError(
        'docker_not_running',
        withAddress(`no Docker engine answers at ${name}: it is not running`),
        by ? `${startEngine()} Or correct ${by}.` : startEngine(),
        facts,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new SetupError(
        'docker_host_unknown',
        withAddress('that host has no address'),
        `Correct ${by ?? 'DOCKER_HOST'} and restart the server.`,
        facts,
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new SetupError(
        'docker_no_answer',
        withAddress(`the Docker engine at ${name} gave no answer within ${PROBE_MS / 1000} seconds`),
        'If it is just starting, wait a moment and call again; else restart Docker.',
        facts,
      );
    default:
      return new SetupError(
        'docker_not_an_engine',
        withAddress(`what answers at ${name} is not a Docker engine: ${messageOf(error).slice(0, 200)}`),
        by ? `Correct ${by} and restart the server.` : startEngine(),
        facts,
      );
  }
}

async function absentError(environment: DockerEnvironment): Promise<SetupError> {
  for (const folder of programFolders(environment)) {
    const command = join(folder, 'docker');
    if (await isExecutable(command)) {
      return new SetupError(
        'docker_not_running',
        `Docker is installed (${command}), but no engine answers at a usual socket.`,
        `${startEngine()} If it listens elsewhere, set DOCKER_HOST for the server.`,
      );
    }
  }
  return new SetupError('docker_not_installed', 'Docker is not installed on this machine.', INSTALL);
}

const INSTALL =
  process.platform === 'darwin'
    ? 'Install Docker Desktop (https://docs.docker.com/desktop) or Colima (brew install colima docker), and start it.'
    : 'Install Docker Engine (https://docs.docker.com/engine/install; Debian and Ubuntu: sudo apt install docker.io) or Docker Desktop.';

function startEngine(): string {
  return process.platform === 'darwin'
    ? 'Start Docker Desktop, or run: colima start.'
    : 'Run: sudo systemctl start docker; or start Docker Desktop.';
}
