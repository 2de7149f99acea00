/** Candidate addresses of the Docker engine: those of its own command, and those of desktop programs. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SetupError } from '../../errors.ts';
import { readJson } from '../../project/index.ts';
import { isObject } from '../../protocol/index.ts';

/** `DOCKER_…`, `HOME`, `PATH` and `XDG_RUNTIME_DIR` of the server's environment. */
export type DockerEnvironment = Readonly<Record<string, string>>;

export interface EngineAddress {
  /** As DOCKER_HOST would say it. */
  readonly name: string;
  /** The source of the address, if any: `DOCKER_HOST`, `the Docker context "colima"`. */
  readonly by?: string;
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

/**
 * One address if the user chose one, otherwise every usual socket, the likeliest first.
 * @throws SetupError `docker_host_ssh`, `docker_host_invalid`, `docker_context_unusable`, `docker_certificates_unreadable`
 */
export async function engineAddresses(environment: DockerEnvironment): Promise<readonly EngineAddress[]> {
  const { DOCKER_HOST: chosen, HOME: home = '', XDG_RUNTIME_DIR: runtimeDirectory } = environment;
  if (chosen) {
    const address = await parseAddress(chosen, 'DOCKER_HOST', certificateFolder(environment));
    // dockerode reads that folder by itself, and throws if it cannot.
    if (address.host && environment.DOCKER_CERT_PATH) await readCertificates(environment.DOCKER_CERT_PATH);
    return [address];
  }
  const context = await contextAddress(environment);
  if (context) return [context];
  const usual = [
    '/var/run/docker.sock',
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
    join(home, '.colima', 'default', 'docker.sock'),
    ...(runtimeDirectory ? [join(runtimeDirectory, 'docker.sock')] : []),
  ];
  return usual.filter((path) => isAbsolute(path)).map((path) => socketAddress(path));
}

function socketAddress(socketPath: string, by?: string): EngineAddress {
  return { name: `unix://${socketPath}`, by, socketPath };
}

async function parseAddress(value: string, by: string, certificates: string | undefined): Promise<EngineAddress> {
  if (value.startsWith('unix://')) {
    const path = value.slice('unix://'.length);
    if (isAbsolute(path)) return socketAddress(path, by);
    throw invalid(value, by);
  }
  const url = /^(tcp|https?|ssh|npipe):\/\//.test(value) && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'ssh:') {
    throw new SetupError(
      'docker_host_ssh',
      `${by} points to an engine over ssh, which Sluice does not speak.`,
      'Forward its socket (ssh -L /tmp/docker.sock:/var/run/docker.sock HOST), set DOCKER_HOST=unix:///tmp/docker.sock for the server, and restart it.',
    );
  }
  if (!url || !/^(tcp|https?):$/.test(url.protocol) || url.hostname === '' || url.pathname.length > 1) {
    throw invalid(value, by);
  }
  const secure = certificates !== undefined || url.protocol === 'https:';
  const port = Number(url.port) || (secure ? 2376 : 2375);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls = secure ? { tls: await readCertificates(certificates) } : {};
  return { name: `tcp://${url.hostname}:${port}`, by, host, port, ...tls };
}

/** DOCKER_TLS_VERIFY decides; the folder defaults to Docker's own without DOCKER_CERT_PATH. */
function certificateFolder(environment: DockerEnvironment): string | undefined {
  if (!environment.DOCKER_TLS_VERIFY) return undefined;
  return environment.DOCKER_CERT_PATH || configFolder(environment);
}

async function readCertificates(folder: string | undefined): Promise<NonNullable<EngineAddress['tls']>> {
  if (folder === undefined) return {};
  try {
    const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
    const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
    return { ca, cert, key };
  } catch (error) {
    throw new SetupError(
      'docker_certificates_unreadable',
      `The certificates for the Docker engine cannot be read from ${folder}.`,
      'Put ca.pem, cert.pem and key.pem there, or set DOCKER_CERT_PATH to their folder for the server, and restart it.',
      { cause: error },
    );
  }
}

function configFolder({ DOCKER_CONFIG: folder, HOME: home = '' }: DockerEnvironment): string {
  return folder || join(home, '.docker');
}

/** The context that `docker context use` has chosen; its facts lie in a folder named after the digest of its name. */
async function contextAddress(environment: DockerEnvironment): Promise<EngineAddress | undefined> {
  const folder = configFolder(environment);
  const config = await readJson(join(folder, 'config.json')).catch(() => undefined);
  const current = isObject(config) && typeof config.currentContext === 'string' ? config.currentContext : undefined;
  const name = environment.DOCKER_CONTEXT || current;
  if (!name || name === 'default') return undefined;
  const by = `the Docker context ${JSON.stringify(name.slice(0, 80))}`;
  const id = createHash('sha256').update(name).digest('hex');
  const meta = await readJson(join(folder, 'contexts', 'meta', id, 'meta.json')).catch(() => undefined);
  const endpoints = isObject(meta) && isObject(meta.Endpoints) ? meta.Endpoints : {};
  const endpoint = isObject(endpoints.docker) ? endpoints.docker.Host : undefined;
  if (typeof endpoint !== 'string') {
    throw new SetupError(
      'docker_context_unusable',
      `${by} names no engine.`,
      'Run "docker context ls" and "docker context use" with one that is listed, or set DOCKER_HOST for the server.',
    );
  }
  // A context keeps its certificates in a folder of its own.
  const certificates = join(folder, 'contexts', 'tls', id, 'docker');
  const secure = await readFile(join(certificates, 'cert.pem')).then(
    () => true,
    () => false,
  );
  return parseAddress(endpoint, by, secure ? certificates : undefined);
}

function invalid(value: string, by: string): SetupError {
  return new SetupError(
    'docker_host_invalid',
    `${by} is not the address of a Docker engine: ${JSON.stringify(value.slice(0, 200))}.`,
    'Set DOCKER_HOST to unix:///absolute/path/docker.sock or tcp://HOST:PORT, or leave it out to use the usual socket, and restart the server.',
  );
}
