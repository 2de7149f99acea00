/** What doctor says of the network: whether the hosts that connectors come from answer. */
import { startDeadline } from '../deadline.ts';
import { SluiceError } from '../errors.ts';
import type { Services } from '../tools/index.ts';
import type { Screen } from './screen.ts';

const NETWORK_MS = 10_000;

/**
 * A person who asks wants to know: unlike `get_status` this asks the package index and the registry.
 * @returns false where one does not answer
 */
export async function showNetwork(
  screen: Screen,
  { settings, connectors, registry, vault }: Services,
): Promise<boolean> {
  screen.heading('Network');
  if (settings.offline) {
    screen.dim('  not asked: AIRBYTE_OFFLINE_MODE is on, and nothing is fetched');
    return true;
  }
  const deadline = startDeadline(undefined, NETWORK_MS);
  const tell = async (what: string, ask: () => Promise<string | undefined>): Promise<boolean> => {
    const note = await ask().catch((error: unknown) => {
      if (deadline.over()) return `no answer within ${NETWORK_MS / 1000} s. Check the network and the proxy.`;
      if (error instanceof SluiceError) return `${error.message} ${error.next}`;
      throw error;
    });
    const shown = vault.redactor.seal(`${what}: ${note ?? 'answers'}`, 'connector');
    if (note === undefined) screen.good(shown);
    else screen.bad(shown);
    return note === undefined;
  };
  try {
    const index = await tell('package index', () => connectors.askPackageIndex(deadline.signal));
    const list = await tell('connector registry', async () => (await registry.all(deadline.signal)).note);
    return index && list;
  } finally {
    deadline.clear();
  }
}
