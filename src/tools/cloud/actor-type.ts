/** The short name of an actor's connector, such as `postgres`: Airbyte itself returns it for fewer than half of them. */
import type { Actor } from '../../cloud/index.ts';
import type { Services } from '../services.ts';
import { ignore } from './masking.ts';

type Typed = Pick<Actor, 'kind' | 'type' | 'definitionId'>;

/** As Airbyte names it, else as the registry does, else `custom`. The registry is asked only if Airbyte gives no type. */
export async function withTypes<T extends Typed>(
  actors: readonly T[],
  { registry }: Services,
  signal: AbortSignal,
): Promise<(T & { readonly type: string })[]> {
  const all = actors.every(({ type }) => type) ? undefined : await registry.all(signal).catch(ignore(signal));
  const names = new Map(all?.entries.map((entry) => [entry.definitionId, entry.name]));
  return actors.map((actor) => {
    const known = names.get(actor.definitionId.toLowerCase())?.replace(/^(source|destination)-/, '');
    return { ...actor, type: actor.type ?? known ?? 'custom' };
  });
}

export async function typeOf(actor: Typed, services: Services, signal: AbortSignal): Promise<string> {
  const [typed] = await withTypes([actor], services, signal);
  return typed?.type ?? 'custom';
}
