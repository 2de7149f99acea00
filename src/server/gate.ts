/** The gate: realm, effect, modes and ledger decide before a tool runs. */

import type { Settings } from '../config/index.ts';
import { judge, type LedgerEntry, refusal } from '../safety/index.ts';
import { type AnyTool, possibleEffects, type Services } from '../tools/index.ts';

/**
 * Lets a call pass, or says why not and who can lift it.
 * @param targetsOf looks up what the call would touch; asked only where that decides
 * @throws RefusedError; what looking up throws
 */
export async function passGate(
  tool: AnyTool,
  input: unknown,
  services: Services,
  targetsOf: () => Promise<readonly LedgerEntry[]>,
): Promise<void> {
  const effect = typeof tool.effect === 'string' ? tool.effect : await tool.effect.of(input as never, services);
  const modes = services.settings.modes[tool.realm];
  const deed = { realm: tool.realm, effect, ownWork: false };
  const verdict = judge(deed, modes);
  if (verdict.allowed) return;
  // Whose work it is is looked up only where that decides.
  const ownWorkMay = judge({ ...deed, ownWork: true }, modes).allowed;
  const targets = ownWorkMay ? await targetsOf() : [];
  const others = targets.filter((entry) => !services.ledger.holds(entry));
  if (targets.length > 0 && others.length === 0) return;
  throw refusal(deed, verdict.mode, tool.name, others);
}

/** Whether any call of the tool could pass with these settings: what never can is not listed. */
export function isListed(tool: AnyTool, settings: Settings): boolean {
  if (tool.realm === 'cloud' && !settings.cloud.configured) return false;
  const modes = settings.modes[tool.realm];
  return possibleEffects(tool).some((effect) => judge({ realm: tool.realm, effect, ownWork: true }, modes).allowed);
}
