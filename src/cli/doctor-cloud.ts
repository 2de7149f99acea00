/** What doctor reports about Airbyte Cloud, or about a self-managed Airbyte. */
import { startDeadline } from '../deadline.ts';
import { SluiceError, UpstreamError } from '../errors.ts';
import type { Services, Status } from '../tools/index.ts';
import type { Screen } from './screen.ts';

const CLOUD_MS = 15_000;

/**
 * Unlike `get_status`, this contacts Airbyte to check the credentials.
 * @returns false if the settings do not work
 */
export async function showCloud(screen: Screen, { cloud }: Status, services: Services): Promise<boolean> {
  screen.heading('Airbyte Cloud');
  if (!cloud.configured) {
    screen.dim('  no credentials: the cloud tools are not listed');
    return true;
  }
  const url = cloud.api_url ?? 'Airbyte';
  const redact = (text: string): string => services.vault.redactor.redact(text, 'connector');
  const deadline = startDeadline(undefined, CLOUD_MS);
  try {
    const { name, id } = await services.cloud.workspaces.choose(undefined, deadline.signal);
    const as = await services.cloud.identity(deadline.signal);
    screen.good(redact(`${url} answers ${as}; workspace ${name} (${id})`));
    const silence = await services.cloud.workspaces.organization(id, deadline.signal).then(() => '', report);
    const without = 'without it there are no checks, states, catalogs, attempts and logs';
    if (silence) screen.dim(redact(`  its configuration API does not answer: ${without}. ${silence}`));
    return true;
  } catch (error) {
    const known = deadline.over() ? silent(url) : error;
    if (!(known instanceof SluiceError)) throw known;
    // Problems of the settings are in the list of problems.
    const isReached = known.code === 'several_workspaces';
    if (known.code === 'cloud_settings') screen.dim('  not asked: its settings are wrong');
    else if (isReached) screen.good(redact(report(known)));
    else screen.bad(redact(report(known)));
    return isReached;
  } finally {
    deadline.clear();
  }
}

function report(error: unknown): string {
  if (!(error instanceof SluiceError)) throw error;
  return `${error.message} ${error.next}`;
}

function silent(url: string): UpstreamError {
  const next = 'Check the network and AIRBYTE_CLOUD_API_URL.';
  return new UpstreamError('cloud_timeout', `${url} did not answer in time.`, next);
}
