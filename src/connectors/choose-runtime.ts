/** Which runtime runs a connector: the one that was named, else the cheapest that works on this machine. */
import { InputError, SetupError } from '../errors.ts';
import type { Availability } from './runtime-room.ts';
import type { ConnectorFacts, ConnectorRequest, Runtime } from './types.ts';

export interface Choice {
  readonly runtime: Runtime;
  /** Why this one; absent where the caller named it. */
  readonly reason?: string;
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
  availability: (runtime: Runtime) => Promise<Availability>,
): Promise<Choice> {
  const { connector, manifestPath } = request;
  if (request.runtime) return { runtime: checked(request, facts) };
  if (manifestPath !== undefined) return { runtime: 'manifest' };
  if (connector.startsWith('/')) return { runtime: 'executable' };
  const offered = CHEAPEST_FIRST.filter((runtime) => facts.runtimes?.includes(runtime));
  const missing: string[] = [];
  const fixes = new Set<string>();
  for (const runtime of offered) {
    const found = await availability(runtime);
    if (found.works) {
      const without = missing.length > 0 ? `; ${missing.join('; ')}` : '';
      return { runtime, reason: `${runtime}, the cheapest that works here (${found.by})${without}` };
    }
    missing.push(`${runtime} does not work here: ${found.why}`);
    fixes.add(found.fix);
  }
  throw new SetupError(
    'no_runtime',
    `${connector} cannot run on this machine: ${missing.join('; ') || 'the registry names no way to run it'}.`,
    [...fixes].join(' Or: ') || 'Choose another connector: list_connectors.',
  );
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
