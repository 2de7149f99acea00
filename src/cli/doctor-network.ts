/** What doctor reports about the network: whether the hosts that connectors come from answer. */
import { startDeadline } from '../deadline.ts';
import { SluiceError } from '../errors.ts';
import type { Services } from '../tools/index.ts';
import type { Screen } from './screen.ts';

const NETWORK_MS = 10_000;

/**
 * Unlike `get_status`, this contacts the package index and the registry.
 * @returns false if one does not respond
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
  const asked = await Promise.all([
    answerOf((signal) => connectors.askPackageIndex(signal)),
    answerOf(async (signal) => (await registry.all(signal)).note),
  ]);
  for (const [index, note] of asked.entries()) {
    const what = index === 0 ? 'package index' : 'connector registry';
    const shown = vault.redactor.redact(`${what}: ${note ?? 'answers'}`, 'connector');
    if (note === undefined) screen.good(shown);
    else screen.bad(shown);
  }
  return asked.every((note) => note === undefined);
}

/** Runs both at once, each with its own timeout, so that one that hangs does not delay the other. */
async function answerOf(ask: (signal: AbortSignal) => Promise<string | undefined>): Promise<string | undefined> {
  const deadline = startDeadline(undefined, NETWORK_MS);
  try {
    return await ask(deadline.signal);
  } catch (error) {
    if (deadline.over()) return `no answer within ${NETWORK_MS / 1000} s. Check the network and the proxy.`;
    if (error instanceof SluiceError) return `${error.message} ${error.next}`;
    throw error;
  } finally {
    deadline.clear();
  }
}
