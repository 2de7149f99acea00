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
  const modes = services.settings.modes[tool.realm];
  const deed = { realm: tool.realm, effect, ownWork: false };
  const verdict = judge(deed, modes);
  if (verdict.allowed) return;
  // Whose work it is is looked up only where that decides.
  const ownWorkMay = judge({ ...deed, ownWork: true }, modes).allowed;
  if (ownWorkMay && (await isOwnWork(tool, input, services))) return;
  throw refusal(deed, verdict.mode, tool.name);
}

async function isOwnWork(tool: AnyTool, input: unknown, services: Services): Promise<boolean> {
  const targets = (await tool.targets?.(input as never, services)) ?? [];
  return targets.length > 0 && targets.every((entry) => services.ledger.holds(entry));
}

/** Whether any call of the tool could pass in these modes: what never can is not listed. */
export function isListed(tool: AnyTool, modes: Modes): boolean {
  return possibleEffects(tool).some((effect) => judge({ realm: tool.realm, effect, ownWork: true }, modes).allowed);
}
