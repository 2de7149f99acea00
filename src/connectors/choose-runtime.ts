/** Which runtime runs a connector: the one that was named, else the cheapest that works on this machine. */
import { InputError, SetupError, SluiceError } from '../errors.ts';
import { clockText, type HostMemory } from '../hosts.ts';
import type { RuntimeModule } from './runtime-module.ts';
import type { ConnectorFacts, ConnectorRequest, Runtime, RuntimeVerdict } from './types.ts';

export interface Choice {
  readonly runtime: Runtime;
  /** Why this one; absent if the caller named it. */
  readonly reason?: string;
}

/** What the choice depends on. */
export interface RuntimeEnvironment {
  loadRuntime(runtime: Runtime): Promise<RuntimeModule>;
  /** Versions of a connector that are installed in a runtime. */
  installed(connector: string, runtime: Runtime): Promise<readonly string[]>;
  readonly offline: boolean;
  readonly hosts: HostMemory;
}

/** From the cheapest to the dearest: in disk, in time until the first record, in what must be on the machine. */
const CHEAPEST_FIRST: readonly Runtime[] = ['manifest', 'python', 'docker'];

/**
 * Chooses once, before anything is installed: a failure afterwards never leads to another runtime.
 * @throws InputError `runtime_does_not_fit`; SetupError `no_runtime` with what to install
 */
export async function chooseRuntime(
  request: ConnectorRequest,
  facts: ConnectorFacts,
  environment: RuntimeEnvironment,
  signal: AbortSignal,
): Promise<Choice> {
  const { connector, manifestPath } = request;
  if (request.runtime) return { runtime: checked(request, facts) };
  if (manifestPath !== undefined) return { runtime: 'manifest' };
  if (connector.startsWith('/')) return { runtime: 'executable' };
  const before: RuntimeVerdict[] = [];
  for (const runtime of offeredBy(facts)) {
    const verdict = await verdictOn(runtime, request, facts, environment, signal);
    if (verdict.works) {
      const without = before.map((other) => `; ${other.runtime} does not work here: ${other.reason}`).join('');
      return { runtime, reason: `${cheapest(verdict)}${without}` };
    }
    before.push(verdict);
  }
  // A failed network may be back after a minute: retry it if nothing else is left.
  const unreached = before.find(({ state }) => state === 'unreachable');
  if (unreached)
    return { runtime: unreached.runtime, reason: `${unreached.runtime}, asked again (${unreached.reason})` };
  const missing = before.map(({ runtime, reason }) => `${runtime} does not work here: ${reason}`).join('; ');
  throw new SetupError(
    'no_runtime',
    `${connector} cannot run on this machine: ${missing || 'the registry names no way to run it'}.`,
    [...new Set(before.flatMap(({ fix }) => fix ?? []))].join(' Or: ') || 'Choose another connector: list_connectors.',
  );
}

/** Why a runtime was chosen that the caller did not name. */
export function cheapest({ runtime, reason }: RuntimeVerdict): string {
  return `${runtime}, the cheapest that works here (${reason})`;
}

/**
 * How a connector would run here, for each runtime that the registry offers, the cheapest first.
 * @throws InputError `runtime_does_not_fit` if one is named that is not offered
 */
export async function verdictsOn(
  request: ConnectorRequest,
  facts: ConnectorFacts,
  environment: RuntimeEnvironment,
  signal: AbortSignal,
): Promise<RuntimeVerdict[]> {
  if (request.runtime) checked(request, facts);
  return Promise.all(offeredBy(facts).map((runtime) => verdictOn(runtime, request, facts, environment, signal)));
}

function offeredBy({ runtimes }: ConnectorFacts): Runtime[] {
  return CHEAPEST_FIRST.filter((runtime) => runtimes?.includes(runtime));
}

async function verdictOn(
  runtime: Runtime,
  request: ConnectorRequest,
  facts: ConnectorFacts,
  { loadRuntime, installed, offline, hosts }: RuntimeEnvironment,
  signal: AbortSignal,
): Promise<RuntimeVerdict> {
  const entered = await loadRuntime(runtime);
  // Python's newest will do; an image and a manifest are the registry's version or the one that was asked for.
  const version = request.version ?? (runtime === 'python' ? undefined : facts.version);
  const versions = await (entered.installed?.(request, facts, signal) ?? installed(request.connector, runtime));
  const here = version === undefined ? versions : versions.filter((one) => one === version);
  const found = await entered.available(signal);
  // An environment that is made needs no installer any more.
  if (here.length > 0 && (found.works || runtime === 'python')) {
    return { runtime, works: true, state: 'ready', reason: `installed: ${here.join(', ')}` };
  }
  if (!found.works) return { runtime, works: false, state: 'missing', reason: found.why, fix: found.fix };
  if (offline)
    return { runtime, works: false, state: 'missing', reason: `${NOT_HERE}, and ${OFFLINE}`, fix: GO_ONLINE };
  const needed = (await entered.fetchesFrom?.(request, facts)) ?? [];
  return downloadVerdict(runtime, needed, found.by, hosts);
}

/** Runtimes that need a download from hosts that did not fail recently. */
function downloadVerdict(runtime: Runtime, needed: readonly string[], by: string, hosts: HostMemory): RuntimeVerdict {
  const failed = needed.find((host) => hosts.failedAt(host) !== undefined);
  const at = failed === undefined ? undefined : hosts.failedAt(failed);
  if (failed !== undefined && at !== undefined) {
    const reason = `${failed} could not be reached at ${clockText(at)}`;
    const fix = `Check the network to ${failed}. It is asked again when runtime "${runtime}" is named, or after some minutes.`;
    return { runtime, works: false, state: 'unreachable', reason, fix };
  }
  if (needed.length === 0) return { runtime, works: true, state: 'ready', reason: `runs by ${by}` };
  return { runtime, works: true, state: 'download', reason: `needs a download from ${needed.join(' and ')} by ${by}` };
}

/** What a connector that is not installed would meet in each runtime of the registry. */
export async function runtimesOf(
  { loadRuntime, offline, hosts }: RuntimeEnvironment,
  signal: AbortSignal,
): Promise<RuntimeVerdict[]> {
  return Promise.all(
    CHEAPEST_FIRST.map(async (runtime): Promise<RuntimeVerdict> => {
      const entered = await loadRuntime(runtime);
      const found = await entered.available(signal);
      if (!found.works) return { runtime, works: false, state: 'missing', reason: found.why, fix: found.fix };
      if (offline) return { runtime, works: false, state: 'missing', reason: OFFLINE, fix: GO_ONLINE };
      const needed = (await entered.fetchesFrom?.({ connector: '' }, {})) ?? [];
      return downloadVerdict(runtime, needed, found.by, hosts);
    }),
  );
}

const NOT_HERE = 'it is not installed';
const OFFLINE = 'AIRBYTE_OFFLINE_MODE forbids fetching it';
const GO_ONLINE =
  'Let a person set AIRBYTE_OFFLINE_MODE=0 and restart the server, install it once, and go offline again.';

/** Failures of one runtime that another one does not have: its packages, its interpreters. */
const OF_THE_RUNTIME =
  /^(install_|python_|venv_missing|unknown_(version|package)|not_a_python_connector|package_index_|manifest_|bad_manifest|components_|no_components|cdk_|docker_|image_|no_such_tag|pull_failed|registry_|unreachable$|timeout$)/;

/** The error, with the runtimes that a caller could name instead: never fall back silently. */
export async function withOtherRuntimes(
  error: unknown,
  failed: Runtime,
  request: ConnectorRequest,
  facts: ConnectorFacts,
  environment: RuntimeEnvironment,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof SluiceError) || !OF_THE_RUNTIME.test(error.code) || signal.aborted) return error;
  const verdicts = await verdictsOn(request, facts, environment, signal);
  const others = verdicts.filter(({ runtime, works }) => works && runtime !== failed);
  if (others.length === 0) return error;
  const Kind = error.constructor as new (...args: ConstructorParameters<typeof SetupError>) => SluiceError;
  const { code, message, next, problems, details, cause } = error;
  const offer = `Or ask for ${others.map(({ runtime, reason }) => `runtime "${runtime}" (${reason})`).join(' or ')}.`;
  return new Kind(code, message, `${next} ${offer}`, { problems, details, cause });
}

function checked({ connector, runtime, manifestPath }: ConnectorRequest, facts: ConnectorFacts): Runtime {
  if (!runtime) throw new TypeError('a runtime was named');
  if (manifestPath !== undefined && runtime !== 'manifest') {
    throw new InputError(
      'runtime_does_not_fit',
      `manifest_path is run with the runtime "manifest", not "${runtime}".`,
      'Leave runtime out, or leave manifest_path out.',
    );
  }
  if (runtime === 'executable' || manifestPath !== undefined || facts.runtimes?.includes(runtime)) return runtime;
  const offered = facts.runtimes?.join(', ');
  throw new InputError(
    'runtime_does_not_fit',
    `${connector} does not run with the runtime "${runtime}".`,
    offered ? `The registry offers: ${offered}. Leave runtime out to let Sluice choose.` : 'Leave runtime out.',
  );
}
