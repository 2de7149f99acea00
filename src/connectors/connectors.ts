import type { Settings } from '../config/index.ts';
import { InputError, SetupError } from '../errors.ts';
import type { Project } from '../project/index.ts';
import type { Redactor } from '../secrets/index.ts';
import { executableStamp, findExecutable } from './executable.ts';
import { createProcesses } from './process/processes.ts';
import type { PythonRuntime } from './python/python.ts';
import type { ConnectorRequest, Connectors, PackageFacts } from './types.ts';
import { createKept } from './verbs/kept.ts';
import { createVerbs } from './verbs/verbs.ts';

export interface ConnectorsOptions {
  readonly settings: Settings;
  readonly project: Project;
  readonly redactor: Redactor;
  /** All that a connector may see of the environment. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** All that an installer may see of it: the package index besides. */
  readonly installerEnvironment: Readonly<Record<string, string>>;
  /** Clears up, before each run, what else dead servers left behind. */
  readonly sweep?: () => Promise<void>;
}

export function createConnectors(options: ConnectorsOptions): Connectors {
  const { settings, project, redactor, childEnvironment, installerEnvironment } = options;
  const processes = createProcesses(project, redactor, options.sweep);
  let python: Promise<PythonRuntime> | undefined;
  const pythonRuntime = (): Promise<PythonRuntime> => {
    python ??= import('./python/python.ts').then(({ createPythonRuntime }) =>
      createPythonRuntime({ settings, project, redactor, processes, environment: installerEnvironment }),
    );
    return python;
  };
  const verbs = createVerbs({
    processes,
    redactor,
    kept: createKept(project),
    // Desktop clients on some systems set no LANG; connectors are written for UTF-8.
    environment: { PYTHONUTF8: '1', ...childEnvironment },
    stampOf: async (installed) => (installed.runtime === 'executable' ? executableStamp(installed) : ''),
  });
  return {
    ...verbs,
    async install(request, facts, control) {
      const runtime = request.runtime ?? (request.connector.startsWith('/') ? 'executable' : 'python');
      if (runtime === 'executable') return findExecutable(request, settings);
      if (runtime !== 'python') throw laterRuntime(request, facts);
      if (facts.pypiPackage === undefined) throw notOnIndex(request);
      return (await pythonRuntime()).install(request, { ...facts, pypiPackage: facts.pypiPackage }, control);
    },
    installed: async () => (await import('./status.ts')).installedConnectors(project),
    remove: async (connector, version) => (await import('./remove.ts')).removeInstalled(project, connector, version),
    forgetCatalogs: async (connector) => (await import('./remove.ts')).forgetCatalogs(project, connector),
    status: async () => (await import('./status.ts')).readStatus(project, installerEnvironment),
    endAll: () => processes.endAll(),
  };
}

function laterRuntime({ connector, runtime }: ConnectorRequest, facts: PackageFacts): SetupError {
  return new SetupError(
    'runtime_not_available',
    `This version of Sluice cannot run connectors with the runtime "${runtime}" yet.`,
    facts.pypiPackage
      ? `${connector} is published for Python too: leave runtime out, or use runtime "python".`
      : 'Choose a connector that list_connectors shows with runtime "python", or a program of your own with runtime "executable".',
  );
}

function notOnIndex({ connector, runtime }: ConnectorRequest): InputError | SetupError {
  const next = 'list_connectors with runtime "python" shows those that run here; a later version will run this one.';
  return runtime === 'python'
    ? new InputError('not_a_python_connector', `${connector} is not published as a Python package.`, next)
    : new SetupError(
        'runtime_not_available',
        `${connector} needs Docker or runs from a manifest, which this version of Sluice cannot do yet.`,
        next,
      );
}
