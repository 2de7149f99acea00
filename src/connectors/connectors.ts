import type { Settings } from '../config/index.ts';
import { createHostMemory, type HostMemory } from '../hosts.ts';
import type { Project } from '../project/index.ts';
import type { Redactor } from '../secrets/index.ts';
import { chooseRuntime, type RuntimeEnvironment, runtimesOf, verdictsOn, withOtherRuntimes } from './choose-runtime.ts';
import { sweepContainerRecords } from './docker/container-records.ts';
import type { DockerRuntime } from './docker/docker.ts';
import { lostPath } from './docker/lost-path.ts';
import { executableRuntime } from './executable.ts';
import { SHARED_CDK } from './installed-name.ts';
import type { DockerMarker } from './markers.ts';
import { createProcessRunner } from './process/process-runner.ts';
import { createProcesses } from './process/processes.ts';
import type { Runner } from './runner.ts';
import type { RuntimeModule } from './runtime-module.ts';
import { createSandbox } from './sandbox/index.ts';
import type { Connectors, Runtime } from './types.ts';
import { createAnswerCache } from './verbs/answer-cache.ts';
import { createVerbs } from './verbs/verbs.ts';

export interface ConnectorsOptions {
  readonly settings: Settings;
  readonly project: Project;
  readonly redactor: Redactor;
  /** All that a connector may see of the environment. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** All that an installer may see of it: the package index besides. */
  readonly installerEnvironment: Readonly<Record<string, string>>;
  /** What says where the Docker engine is. */
  readonly dockerEnvironment: Readonly<Record<string, string>>;
  readonly hosts?: HostMemory;
  /** Clears up, before each run, what else dead servers left behind. */
  readonly sweep?: () => Promise<void>;
}

export function createConnectors(options: ConnectorsOptions): Connectors {
  const { settings, project, redactor, childEnvironment, installerEnvironment, dockerEnvironment } = options;
  const { hosts = createHostMemory() } = options;
  const sweep = async (): Promise<void> => {
    await options.sweep?.();
    // An engine that does not answer must not stop what runs without it; the record stays for the next time.
    await sweepContainerRecords(project, async (id) => (await openDocker()).runner.endOrphans(id)).catch(() => {});
  };
  const processes = createProcesses(project, redactor, sweep);
  // Desktop clients on some systems set no LANG; connectors are written for UTF-8.
  const connectorEnvironment = { PYTHONUTF8: '1', PYTHONNOUSERSITE: '1', ...childEnvironment };
  const sandbox = createSandbox(settings, childEnvironment);
  const inProcesses = createProcessRunner(processes, connectorEnvironment, sandbox, settings.connectorMemoryBytes);
  // Each is loaded with its libraries at its first use.
  let docker: Promise<DockerRuntime> | undefined;
  const openDocker = (): Promise<DockerRuntime> => {
    docker ??= import('./docker/docker.ts').then(({ createDockerRuntime }) =>
      createDockerRuntime({ settings, project, redactor, childEnvironment, dockerEnvironment, hosts }),
    );
    return docker;
  };
  const python = once(async () => {
    const { createPythonRuntime } = await import('./python/python.ts');
    const environment = installerEnvironment;
    return createPythonRuntime({
      settings,
      project,
      redactor,
      processes,
      environment,
      connectorEnvironment,
      sandbox,
      hosts,
    });
  });
  const manifest = once(async () => {
    const { createManifestRuntime } = await import('./manifest/manifest.ts');
    const { offline } = settings;
    const environment = installerEnvironment;
    return createManifestRuntime({ settings, project, python: await python(), environment, offline, hosts });
  });
  const runtimes: Record<Runtime, () => Promise<RuntimeModule>> = {
    executable: async () => executableRuntime(settings),
    docker: openDocker,
    python,
    manifest,
  };
  const environment: RuntimeEnvironment = {
    loadRuntime: (runtime) => runtimes[runtime](),
    installed: async (connector, runtime) =>
      (await import('./installed.ts')).installedVersions(project, connector, runtime),
    offline: settings.offline,
    hosts,
  };
  const removeImage = async (marker: DockerMarker): Promise<string | undefined> =>
    (await openDocker()).removeImage(marker);
  const runner: Runner = {
    run: async (task, body) =>
      task.installed.start.kind === 'container'
        ? (await openDocker()).runner.run(task, body)
        : inProcesses.run(task, body),
  };
  return {
    ...createVerbs({ runner, redactor, cache: createAnswerCache(project), sandbox }),
    async install(request, facts, control) {
      const { runtime, reason } = await chooseRuntime(request, facts, environment, control.signal);
      const module = await runtimes[runtime]();
      try {
        const installed = await module.install(request, facts, control);
        return { ...installed, reason: [reason, installed.note].filter(Boolean).join('; ') || undefined };
      } catch (error) {
        throw await withOtherRuntimes(error, runtime, request, facts, environment, control.signal);
      }
    },
    admit: sandbox.admit,
    manifestSpec: async (request) => (await manifest()).localSpec(request),
    manifestDescription: async (request) => (await manifest()).localDescription(request),
    publishable: async (manifest) => (await import('./manifest/publishable.ts')).publishable(manifest, settings),
    runtimesFor: (request, facts, signal) => verdictsOn(request, facts, environment, signal),
    askPackageIndex: async (signal) => {
      const { askIndex } = await import('./python/package-index.ts');
      return (await askIndex(SHARED_CDK, installerEnvironment, signal, hosts)).note;
    },
    here: async (signal) => ({
      runtimes: await runtimesOf(environment, signal),
      installed: await (await import('./installed.ts')).installedNames(project),
    }),
    installed: async () => (await import('./installed.ts')).installedConnectors(project),
    remove: async (entry, authorize) =>
      (await import('./remove.ts')).removeInstalled(project, entry, { removeImage, authorize }),
    lostBy: ({ connector, runtime }, config) => {
      if (runtime !== 'docker' || !/^destination-/.test(connector)) return [];
      return [lostPath(config.outline, settings.docker) ?? []].flat();
    },
    forgetCatalogs: async (connector) => (await import('./remove.ts')).forgetCatalogs(project, connector),
    status: async () => {
      const { readStatus } = await import('./status.ts');
      const [status, confinement] = await Promise.all([
        readStatus(project, installerEnvironment, dockerEnvironment),
        sandbox.status(),
      ]);
      return { ...status, sandbox: confinement, hosts: hosts.list() };
    },
    async endAll() {
      const containers = docker?.then(({ runner }) => runner.endAll());
      await Promise.allSettled([processes.endAll(), containers]);
    },
  };
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load();
    return loaded;
  };
}
