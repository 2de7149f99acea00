/** Which runtime runs a connector: the one that was named, else the cheapest that works on this machine. */
import { InputError, SetupError, SluiceError } from '../errors.ts';
import type { RuntimeRoom } from './runtime-room.ts';
import type { ConnectorFacts, ConnectorRequest, Runtime, RuntimeVerdict } from './types.ts';

export interface Choice {
  readonly runtime: Runtime;
  /** Why this one; absent where the caller named it. */
  readonly reason?: string;
}

/** What the choice stands on. */
export interface Ground {
  room(runtime: Runtime): Promise<RuntimeRoom>;
  /** Versions of a connector that are installed in a runtime. */
  installed(connector: string, runtime: Runtime): Promise<readonly string[]>;
  readonly offline: boolean;
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
  ground: Ground,
  signal: AbortSignal,
): Promise<Choice> {
  const { connector, manifestPath } = request;
  if (request.runtime) return { runtime: checked(request, facts) };
  if (manifestPath !== undefined) return { runtime: 'manifest' };
  if (connector.startsWith('/')) return { runtime: 'executable' };
  const before: RuntimeVerdict[] = [];
  for (const runtime of offeredBy(facts)) {
    const verdict = await verdictOn(runtime, request, facts, ground, signal);
    if (verdict.works) {
      const without = before.map((other) => `; ${other.runtime} does not work here: ${other.reason}`).join('');
      return { runtime, reason: `${cheapest(verdict)}${without}` };
    }
    before.push(verdict);
  }
  const missing = before.map(({ runtime, reason }) => `${runtime} does not work here: ${reason}`).join('; ');
  throw new SetupError(
    'no_runtime',
    `${connector} cannot run on this machine: ${missing || 'the registry names no way to run it'}.`,
    [...new Set(before.flatMap(({ fix }) => fix ?? []))].join(' Or: ') || 'Choose another connector: list_connectors.',
  );
}

/** Why a runtime is taken that nobody named. */
export function cheapest({ runtime, reason }: RuntimeVerdict): string {
  return `${runtime}, the cheapest that works here (${reason})`;
}

/**
 * How a connector would run here, for each runtime that the registry offers, the cheapest first.
 * @throws InputError `runtime_does_not_fit` where one is named that is not offered
 */
export async function verdictsOn(
  request: ConnectorRequest,
  facts: ConnectorFacts,
  ground: Ground,
  signal: AbortSignal,
): Promise<RuntimeVerdict[]> {
  if (request.runtime) checked(request, facts);
  return Promise.all(offeredBy(facts).map((runtime) => verdictOn(runtime, request, facts, ground, signal)));
}

function offeredBy({ runtimes }: ConnectorFacts): Runtime[] {
  return CHEAPEST_FIRST.filter((runtime) => runtimes?.includes(runtime));
}

async function verdictOn(
  runtime: Runtime,
  request: ConnectorRequest,
  facts: ConnectorFacts,
  { room, installed, offline }: Ground,
  signal: AbortSignal,
): Promise<RuntimeVerdict> {
  const entered = await room(runtime);
  // Python's newest will do; an image and a manifest are the registry's version or the one that was asked for.
  const version = request.version ?? (runtime === 'python' ? undefined : facts.version);
  const versions = await (entered.installed?.(request, facts, signal) ?? installed(request.connector, runtime));
  const here = version === undefined ? versions : versions.filter((one) => one === version);
  const found = await entered.available(signal);
  // An environment that is made needs no installer any more.
  if (here.length > 0 && (found.works || runtime === 'python')) {
    return { runtime, works: true, reason: `installed: ${here.join(', ')}` };
  }
  if (!found.works) return { runtime, works: false, reason: found.why, fix: found.fix };
  if (offline) return { runtime, works: false, reason: `${NOT_HERE}, and ${OFFLINE}`, fix: GO_ONLINE };
  return { runtime, works: true, reason: `${ON_FIRST_USE[runtime] ?? 'run'} by ${found.by}` };
}

const NOT_HERE = 'it is not installed';
const OFFLINE = 'AIRBYTE_OFFLINE_MODE forbids fetching it';
const GO_ONLINE =
  'Let a person set AIRBYTE_OFFLINE_MODE=0 and restart the server, install it once, and go offline again.';
const ON_FIRST_USE: Partial<Record<Runtime, string>> = {
  manifest: 'its manifest is fetched on first use, and airbyte-cdk installed',
  python: 'installed on first use',
  docker: 'its image is pulled on first use',
};

/** Failures of one runtime that another one does not have: its packages, its interpreters. */
const OF_THE_RUNTIME =
  /^(install_|python_|venv_missing|unknown_(version|package)|not_a_python_connector|package_index_|manifest_|bad_manifest|components_|no_components|cdk_|docker_|image_|no_such_tag|pull_failed|registry_|unreachable$|timeout$)/;

/** The error, with the runtimes that a caller could name instead: nothing is ever tried in silence. */
export async function withOtherRuntimes(
  error: unknown,
  failed: Runtime,
  request: ConnectorRequest,
  facts: ConnectorFacts,
  ground: Ground,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof SluiceError) || !OF_THE_RUNTIME.test(error.code) || signal.aborted) return error;
  const verdicts = await verdictsOn(request, facts, ground, signal);
  const others = verdicts.filter(({ runtime, works }) => works && runtime !== failed).map(({ runtime }) => runtime);
  if (others.length === 0) return error;
  const Kind = error.constructor as new (...args: ConstructorParameters<typeof SetupError>) => SluiceError;
  const { code, message, next, problems, details, cause } = error;
  const offer = `Or ask for ${others.map((runtime) => `runtime "${runtime}"`).join(' or ')}, which works here.`;
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
