/** Configurations from Airbyte, masked so that they may be shown. */
import type { Actor } from '../../cloud/index.ts';
import { SluiceError } from '../../errors.ts';
import { isObject, type JsonObject } from '../../protocol/index.ts';
import { maskConfiguration } from '../../secrets/index.ts';
import type { Services } from '../services.ts';

/** Masked by the spec of Airbyte's own version, else by the registry's; without either by the names of its fields. */
export async function shownConfiguration(actor: Actor, services: Services, signal: AbortSignal): Promise<JsonObject> {
  const spec = await specOf(actor, services, signal);
  const { keys } = await services.registry.secretKeys(signal);
  return maskConfiguration(actor.configuration, { spec, secretKeys: keys });
}

type ActorDefinition = Pick<Actor, 'kind' | 'definitionId' | 'workspaceId'>;

/** `connectionSpecification`; undefined if neither Airbyte nor the registry has it. */
export async function specOf(
  actor: ActorDefinition,
  services: Services,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const { cloud, registry } = services;
  const { kind, definitionId, workspaceId } = actor;
  const own = await cloud.actors.spec(kind, definitionId, workspaceId, signal).catch(ignore(signal));
  if (own && Object.keys(own).length > 0) return own;
  const all = await registry.all(signal).catch(ignore(signal));
  const entry = all?.entries.find((candidate) => candidate.definitionId === definitionId);
  const message = entry && (await registry.spec(entry, signal));
  const inner = message?.connectionSpecification;
  return isObject(inner) ? inner : undefined;
}

/** Masking must not fail because a spec is unavailable: field names decide then, and mask more. */
export function ignore(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (signal.aborted || !(error instanceof SluiceError)) throw error;
    return undefined;
  };
}
