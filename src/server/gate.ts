/** The gate: realm, effect, modes and ledger decide before a tool runs. */

import type { Modes } from '../config/index.ts';
import { judge, refusal } from '../safety/index.ts';
import { type AnyTool, possibleEffects, type Services } from '../tools/index.ts';

/**
 * Lets a call pass, or says why not and who can lift it.
 * @throws RefusedError
 */
export async function passGate(tool: AnyTool, input: unknown, services: Services): Promise<void> {
  const effect = typeof tool.effect === 'string' ? tool.effect : await tool.effect.of(input as never, services);
  const targets = tool.targets?.(input as never) ?? [];
  const ownWork = targets.length > 0 && targets.every((entry) => services.ledger.holds(entry));
  const deed = { realm: tool.realm, effect, ownWork };
  const verdict = judge(deed, services.settings.modes[tool.realm]);
  if (!verdict.allowed) throw refusal(deed, verdict.mode, tool.name);
}

/** Whether any call of the tool could pass in these modes: what never can is not listed. */
export function isListed(tool: AnyTool, modes: Modes): boolean {
  return possibleEffects(tool).some((effect) => judge({ realm: tool.realm, effect, ownWork: true }, modes).allowed);
}
