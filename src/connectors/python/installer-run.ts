/** One run of uv, pip or venv: its output, its limit, and what its failure means. */

import { startDeadline } from '../../deadline.ts';
import { abortError, LimitError, type SluiceError } from '../../errors.ts';
import type { HostMemory } from '../../hosts.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { Processes } from '../process/processes.ts';
import { createTail, redactedText, SHOWN } from '../process/tail.ts';
import { installError } from './install-errors.ts';
import { indexHost, indexUrl, UNREACHABLE, withoutCredentials } from './package-index.ts';
import type { Environment } from './program-folders.ts';

export interface InstallerDeps {
  readonly processes: Processes;
  readonly redactor: Redactor;
  readonly environment: Environment;
  readonly hosts: HostMemory;
}

export interface InstallerRun {
  /** Package that is installed, such as `airbyte-source-faker 7.2.1`. */
  readonly what: string;
  readonly command: readonly [string, ...string[]];
  readonly signal: AbortSignal;
  readonly limitMs?: number;
}

const LIMIT_MS = 15 * 60_000;
/** Variables of pip and uv that would send the packages somewhere else than into the environment. */
const MISLEADING =
  /^(PIP_(USER|TARGET|PREFIX|ROOT|REQUIREMENT|REQUIRE_VIRTUALENV|PYTHON|DRY_RUN|QUIET|LOG|REPORT)|UV_(PYTHON|SYSTEM_PYTHON|PROJECT.*|TARGET|PREFIX|BREAK_SYSTEM_PACKAGES|WORKING_DIRECTORY))$/;

/**
 * @returns the raw end of what it printed
 * @throws the error found at the end of its output; LimitError when it takes too long
 */
export async function runInstaller(deps: InstallerDeps, run: InstallerRun): Promise<string> {
  const { what, command, signal, limitMs = LIMIT_MS } = run;
  const deadline = startDeadline(signal, limitMs);
  const launch = {
    command: () => command,
    environment: installerVariables(deps.environment),
    signal: deadline.signal,
  };
  const tail = createTail();
  try {
    const exit = await deps.processes.run(launch, async (running) => {
      running.stdout.on('data', (chunk: Buffer) => tail.push(chunk.toString('utf8')));
      running.onStderr((text) => tail.push(text));
      const ended = await running.exit;
      await running.outputEnded;
      return ended;
    });
    if (signal.aborted) throw abortError(signal);
    const output = withoutCredentials(redactedText(tail, deps.redactor, SHOWN));
    if (deadline.over()) throw tooLong(what, limitMs, output);
    if (exit.code !== 0) throw noted(installError(what, output), deps);
    return tail.pieces().join('');
  } finally {
    deadline.clear();
  }
}

function noted(error: SluiceError, { environment, hosts }: InstallerDeps): SluiceError {
  if (error.code === UNREACHABLE) hosts.failed(indexHost(environment));
  return error;
}

/** Both installers get the same index, whichever of them the user has set it up for. */
function installerVariables(environment: Environment): Environment {
  const index = indexUrl(environment);
  const remaining = Object.entries(environment).filter(([name]) => !MISLEADING.test(name));
  return { ...Object.fromEntries(remaining), PIP_INDEX_URL: index, UV_DEFAULT_INDEX: index, UV_NO_PROGRESS: '1' };
}

function tooLong(what: string, limitMs: number, output: string): LimitError {
  return new LimitError(
    'install_timeout',
    `Installing ${what} took more than ${limitMs / 60_000} minutes and was ended.`,
    'Check the network and call again.',
    { details: { installer_output: output } },
  );
}
