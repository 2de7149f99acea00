import type { Actor } from '../../../cloud/index.ts';
import { abortError, SluiceError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/index.ts';
import type { Call } from '../../tool.ts';
import { neededSpec, partOf, resolved, withoutMasks } from '../actor-config.ts';
import { nothingToChange } from '../kind-arguments.ts';
import { shownConfiguration } from '../masking.ts';
import { withRedactedMessage } from '../refusal-messages.ts';
import type { Changed, Changes } from './changes.ts';
import { completeConfig, withoutRemovals } from './complete-config.ts';
import { loosened } from './loosened-spec.ts';

export async function updateActor(actor: Actor, { name, config }: Changes, call: Call): Promise<Changed> {
  const { services, signal, progress } = call;
  const shown = config === undefined ? {} : await shownConfiguration(actor, services, signal);
  const changes = withoutMasks((config ?? {}) as JsonObject, shown);
  const { given, removed } = withoutRemovals(changes);
  const changesConfig = Object.keys(changes).length > 0;
  if (!changesConfig && name === undefined) {
    throw nothingToChange('config holds nothing but masks: give the fields that are to change, secrets by reference.');
  }
  const spec = changesConfig ? await neededSpec(actor, services, signal) : undefined;
  const ready = spec && (await resolved(given, loosened(spec), services, call, { present: shown }));
  if (signal.aborted) throw abortError(signal);
  progress(`changing the ${actor.kind} in Airbyte`);
  const send = (configuration?: JsonObject): Promise<Actor> => {
    const { actors } = services.cloud;
    const complete = spec && completeConfig(spec, actor.configuration, configuration ?? {}, removed);
    if (complete) return actors.replace(actor.kind, actor.id, { name, configuration: complete });
    return actors.update(actor.kind, actor.id, { name, configuration });
  };
  const changed = await (ready ? ready.use(send) : send()).catch(async (error: unknown) => {
    throw error instanceof SluiceError ? await withRedactedMessage(error, services, spec) : error;
  });
  const shownAfter = changesConfig ? await shownConfiguration(changed, services, signal) : {};
  const described = (named: string, configuration: JsonObject): JsonObject => ({
    ...(name === undefined ? {} : { name: named }),
    ...(changesConfig ? { config: partOf(configuration, changes) } : {}),
  });
  return {
    name: changed.name,
    before: described(actor.name, shown),
    after: described(changed.name, shownAfter),
  };
}
