import { createHostMemory, type HostMemory } from '../hosts.ts';
import type { Project } from '../project/index.ts';
import { chooseRuntime, type RuntimeEnvironment, runtimesOf, verdictsOn, withOtherRuntimes } from './choose-runtime.ts';
import { sweepContainerRecords } from './docker/container-records.ts';
import type { DockerRuntime } from './docker/docker.ts';
import { lostPath } from './docker/lost-path.ts';
import { SHARED_CDK } from './installed-name.ts';
import { createProcessRunner } from './process/process-runner.ts';
import { createProcesses } from './process/processes.ts';
import type { Runner } from './runner.ts';
import { createRuntimes, type Lazy, lazyDocker, type RuntimeDeps } from './runtimes.ts';
import { createSandbox } from './sandbox/index.ts';
import type { Connectors } from './types.ts';
import { createAnswerCache } from './verbs/answer-cache.ts';
import { createVerbs } from './verbs/verbs.ts';

export interface ConnectorsOptions extends Omit<RuntimeDeps, 'hosts'> {
  readonly hosts?: HostMemory;
  /** Removes, before each run, what else dead servers left behind. */
  readonly sweep?: () => Promise<void>;
}

export function createConnectors(options: ConnectorsOptions): Connectors {
  const { settings, project, redactor, childEnvironment, installerEnvironment, dockerEnvironment } = options;
  const { hosts = createHostMemory() } = options;
  const deps: RuntimeDeps = { ...options, hosts };
  const docker = lazyDocker(deps);
  const processes = createProcesses(project, redactor, () => sweepLeftovers(project, docker, options.sweep));
  // Desktop clients on some systems set no LANG; connectors are written for UTF-8.
  const connectorEnvironment = { PYTHONUTF8: '1', PYTHONNOUSERSITE: '1', ...childEnvironment };
  const sandbox = createSandbox(settings, childEnvironment);
  const runtimes = createRuntimes(deps, docker, { processes, sandbox, connectorEnvironment });
  const inProcesses = createProcessRunner(processes, connectorEnvironment, sandbox, settings.connectorMemoryBytes);
  const environment: RuntimeEnvironment = {
    loadRuntime: runtimes.load,
    installed: async (connector, runtime) =>
      (await import('./installed.ts')).installedVersions(project, connector, runtime),
    offline: settings.offline,
    hosts,
  };
  return {
    ...createVerbs({ runner: runnerFor(docker, inProcesses), redactor, cache: createAnswerCache(project), sandbox }),
    async install(request, facts, control) {
      const { runtime, reason } = await chooseRuntime(request, facts, environment, control.signal);
      const module = await runtimes.load(runtime);
      try {
        const installed = await module.install(request, facts, control);
        return { ...installed, reason: [reason, installed.note].filter(Boolean).join('; ') || undefined };
      } catch (error) {
        throw await withOtherRuntimes(error, runtime, request, facts, environment, control.signal);
      }
    },
    admit: sandbox.admit,
    manifestSpec: async (request) => (await runtimes.manifest()).localSpec(request),
    manifestDescription: async (request) => (await runtimes.manifest()).localDescription(request),
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
      (await import('./remove.ts')).removeInstalled(project, entry, {
        removeImage: async (marker) => (await docker.load()).removeImage(marker),
        authorize,
      }),
    lostBy: ({ connector, runtime }, config) => {
      if (runtime !== 'docker' || !/^destination-/.test(connector)) return [];
      return [lostPath(config.outline, settings.docker) ?? []].flat();
    },
    removeCatalogs: async (connector) => (await import('./remove.ts')).removeCatalogs(project, connector),
    status: async () => {
      const { readStatus } = await import('./status.ts');
      const [status, confinement] = await Promise.all([
        readStatus(project, installerEnvironment, dockerEnvironment),
        sandbox.status(),
      ]);
      return { ...status, sandbox: confinement, hosts: hosts.list() };
    },
    async endAll() {
      const containers = docker.loaded()?.then(({ runner }) => runner.endAll());
      await Promise.allSettled([processes.endAll(), containers]);
    },
  };
}

async function sweepLeftovers(
  project: Project,
  docker: Lazy<DockerRuntime>,
  sweep: (() => Promise<void>) | undefined,
): Promise<void> {
  await sweep?.();
  // An engine that does not answer must not stop what runs without it; the record stays for the next time.
  await sweepContainerRecords(project, async (id) => (await docker.load()).runner.endOrphans(id)).catch(() => {});
}

/** Containers run in Docker, everything else as a process of this machine. */
function runnerFor(docker: Lazy<DockerRuntime>, inProcesses: Runner): Runner {
  return {
    run: async (task, body) =>
      task.installed.start.kind === 'container'
        ? (await docker.load()).runner.run(task, body)
        : inProcesses.run(task, body),
  };
}
