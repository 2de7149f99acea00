/** The runtime modules, each loaded with its libraries at its first use. */
import type { Settings } from '../config/index.ts';
import type { HostMemory } from '../hosts.ts';
import type { Project } from '../project/index.ts';
import type { Redactor } from '../secrets/index.ts';
import type { DockerRuntime } from './docker/docker.ts';
import { executableRuntime } from './executable.ts';
import type { Processes } from './process/processes.ts';
import type { RuntimeModule } from './runtime-module.ts';
import type { Sandbox } from './sandbox/index.ts';
import type { Runtime } from './types.ts';

export interface RuntimeDeps {
  readonly settings: Settings;
  readonly project: Project;
  readonly redactor: Redactor;
  /** The environment variables that connectors and containers get. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** The environment variables that installers get: the same, and the package index. */
  readonly installerEnvironment: Readonly<Record<string, string>>;
  /** The environment variables that locate the Docker engine. */
  readonly dockerEnvironment: Readonly<Record<string, string>>;
  readonly hosts: HostMemory;
}

export interface ProcessDeps {
  readonly processes: Processes;
  readonly sandbox: Sandbox;
  readonly connectorEnvironment: Readonly<Record<string, string>>;
}

/** Loads a module once; `loaded` is undefined until then. */
export interface Lazy<T> {
  load(): Promise<T>;
  loaded(): Promise<T> | undefined;
}

export function lazyDocker(deps: RuntimeDeps): Lazy<DockerRuntime> {
  return lazy(async () => (await import('./docker/docker.ts')).createDockerRuntime(deps));
}

export function createRuntimes(deps: RuntimeDeps, docker: Lazy<DockerRuntime>, processDeps: ProcessDeps) {
  const { settings, project, installerEnvironment: environment, hosts } = deps;
  const python = lazy(async () => {
    const { createPythonRuntime } = await import('./python/python.ts');
    return createPythonRuntime({ settings, project, redactor: deps.redactor, environment, hosts, ...processDeps });
  });
  const manifest = lazy(async () => {
    const { createManifestRuntime } = await import('./manifest/manifest.ts');
    const { offline } = settings;
    return createManifestRuntime({ settings, project, python: await python.load(), environment, offline, hosts });
  });
  const loaders: Readonly<Record<Runtime, () => Promise<RuntimeModule>>> = {
    executable: async () => executableRuntime(settings),
    docker: docker.load,
    python: python.load,
    manifest: manifest.load,
  };
  return { load: (runtime: Runtime): Promise<RuntimeModule> => loaders[runtime](), manifest: manifest.load };
}

function lazy<T>(load: () => Promise<T>): Lazy<T> {
  let loaded: Promise<T> | undefined;
  return {
    load() {
      loaded ??= load();
      return loaded;
    },
    loaded: () => loaded,
  };
}
