/** What a source offers to a connection, from Airbyte's cache, or from the connector if the cache is not enough. */
import type { ConnectionStream, OfferedStream } from '../../cloud/index.ts';
import { SluiceError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { Call } from '../tool.ts';
import { specOf } from './masking.ts';
import { withRedactedMessage } from './refusal-messages.ts';

interface Ends {
  readonly sourceId: string;
  readonly destinationId: string;
}

/**
 * @param choose throws `unknown_stream` where the list lacks one
 * @param discover whether the connector is asked at once
 * @throws UpstreamError `discovery_failed`; what `choose` throws of the newest list
 */
export async function chosenOfOffered(
  { sourceId, destinationId }: Ends,
  discover: boolean,
  choose: (offered: readonly OfferedStream[]) => ConnectionStream[],
  call: Call,
): Promise<ConnectionStream[]> {
  call.progress('asking Airbyte for the streams of the source');
  const offered = (ignoreCache: boolean): Promise<readonly OfferedStream[]> =>
    call.services.cloud.actors
      .streams(sourceId, { destinationId, ignoreCache }, call.signal)
      .catch(async (error: unknown) => {
        throw error instanceof SluiceError ? await withRedactedMessage(error, call.services, await spec()) : error;
      });
  const spec = async (): Promise<JsonObject | undefined> => {
    const source = await call.services.cloud.actors.get('source', sourceId, call.signal);
    return specOf(source, call.services, call.signal);
  };
  try {
    return choose(await offered(discover));
  } catch (error) {
    const isMissing = error instanceof SluiceError && /^(unknown_stream|mode_not_offered)$/.test(error.code);
    if (discover || !isMissing) throw error;
    call.progress('the streams that Airbyte knows are not enough: it runs the source to find them again');
    return choose(await offered(true));
  }
}
