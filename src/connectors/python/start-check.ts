/** Checks that an installed package starts: loads its module once, before a caller waits for an answer. */
import { join } from 'node:path';
import { startDeadline } from '../../deadline.ts';
import { abortError } from '../../errors.ts';
import type { Redactor } from '../../secrets/index.ts';
import { MAX_PROCESSES } from '../process/limits.ts';
import type { Processes } from '../process/processes.ts';
import { createTail, redactedText } from '../process/tail.ts';
import type { ConfinedRun, Sandbox } from '../sandbox/index.ts';
import { VENV } from './environment-folder.ts';
import type { Environment } from './program-folders.ts';
import type { TooNew } from './target.ts';

export interface StartCheckDeps {
  readonly processes: Processes;
  readonly redactor: Redactor;
  /** What a connector may see, not an installer: the code that is loaded is the connector's. */
  readonly connectorEnvironment: Environment;
  readonly sandbox: Sandbox;
}

/** What would make it start. */
export type StartTrouble =
  | { readonly kind: 'python'; readonly tooNew: TooNew }
  | { readonly kind: 'package'; readonly requirement: string; readonly message: string };

const LIMIT_MS = 120_000;
const MAX_MESSAGE = 200;

/** What later Pythons took away: the last line of a traceback, and the first minor that no longer has it. */
const TAKEN_AWAY: readonly (readonly [pattern: RegExp, minor: string])[] = [
  [/mutable default .{1,300} use default_factory/, '3.11'],
  [/module 'asyncio' has no attribute 'coroutine'/, '3.11'],
  [/(module 'inspect' has no attribute|cannot import name) 'getargspec'/, '3.11'],
  [
    /cannot import name '(Mapping|MutableMapping|Sequence|Iterable|Callable|Hashable|Set|MutableSet)' from 'collections'|module 'collections' has no attribute/,
    '3.10',
  ],
  [/No module named '(distutils|imp|asynchat|asyncore|smtpd)(\.|')/, '3.12'],
  [/module 'configparser' has no attribute 'SafeConfigParser'|module 'pkgutil' has no attribute 'ImpImporter'/, '3.12'],
  [/No module named '(cgi|cgitb|pipes|telnetlib|crypt|imghdr|sndhdr|nntplib|uu|xdrlib|lib2to3)(\.|')/, '3.13'],
];
/** The last setuptools that has `pkg_resources`; many packages use it without declaring it, because environments used to include it. */
const SETUPTOOLS = 'setuptools<81';

/**
 * @returns the fix, if another Python or one more package would help; undefined if it starts, or fails in another way:
 * then the connector reports it itself when it runs.
 * @throws LimitError when the call was cancelled
 */
export async function startTrouble(
  deps: StartCheckDeps,
  folder: string,
  module: string | undefined,
  signal: AbortSignal,
): Promise<StartTrouble | undefined> {
  if (module === undefined) return undefined;
  const deadline = startDeadline(signal, LIMIT_MS);
  const python = join(folder, VENV, 'bin', 'python');
  const launch = {
    command: () => [python, '-I', '-c', `import ${module}`] as const,
    environment: deps.connectorEnvironment,
    // Python caches compiled files: without the cache, each start would be as slow as the first.
    confine: (run: ConfinedRun) => deps.sandbox.confine({ ...run, completes: [join(folder, VENV, 'lib')] }),
    limits: { processes: MAX_PROCESSES },
    signal: deadline.signal,
  };
  const tail = createTail();
  try {
    const exit = await deps.processes.run(launch, async (running) => {
      running.stdout.resume();
      running.onStderr((text) => tail.push(text));
      return running.exit;
    });
    if (signal.aborted) throw abortError(signal);
    return exit.code === 0 || deadline.over() ? undefined : troubleIn(redactedText(tail, deps.redactor));
  } finally {
    deadline.clear();
  }
}

/** @param output the redacted end of a traceback */
export function troubleIn(output: string): StartTrouble | undefined {
  const message = output.trim().split('\n').at(-1)?.slice(0, MAX_MESSAGE) ?? '';
  if (/No module named 'pkg_resources/.test(message)) return { kind: 'package', requirement: SETUPTOOLS, message };
  const minor = TAKEN_AWAY.find(([pattern]) => pattern.test(message))?.[1];
  return minor === undefined ? undefined : { kind: 'python', tooNew: { minor, message } };
}
