/** The gate: realm, effect, modes and ledger decide before a tool runs, and again right before it changes something. */

import type { Settings } from '../config/index.ts';
import { type Effect, judge, type LedgerEntry, refusal } from '../safety/index.ts';
import { type AnyTool, possibleEffects, type Services, shownEffect } from '../tools/index.ts';

/**
 * Lets a call pass, or says why not and who can lift it.
 * @param targetsOf looks up what the call would touch; asked only where that decides
 * @throws RefusedError; what looking up throws
 */
export async function passGate(
  tool: AnyTool,
  input: unknown,
  services: Services,
  signal: AbortSignal,
  targetsOf: () => Promise<readonly LedgerEntry[]>,
): Promise<void> {
  // What no call of the tool may do here needs no look at this one.
  if (!mayPass(tool, services.settings)) return authorize(tool, input, services, shownEffect(tool), undefined);
  const effect = typeof tool.effect === 'string' ? tool.effect : await tool.effect.of(input as never, services, signal);
  const modes = services.settings.modes[tool.realm];
  const operation = { realm: tool.realm, effect, ownWork: false };
  if (judge(operation, modes).allowed) return;
  // Whose work it is is looked up only where that decides.
  const ownWorkMay = judge({ ...operation, ownWork: true }, modes).allowed;
  authorize(tool, input, services, effect, ownWorkMay ? await targetsOf() : undefined);
}

/**
 * @param targets what is changed or destroyed; undefined where it is not known
 * @throws RefusedError
 */
export function authorize(
  tool: AnyTool,
  input: unknown,
  { settings, ledger }: Services,
  effect: Effect,
  targets: readonly LedgerEntry[] | undefined,
): void {
  const others = targets?.filter((entry) => !ledger.holds(entry)) ?? [];
  const ownWork = targets !== undefined && targets.length > 0 && others.length === 0;
  const operation = { realm: tool.realm, effect, ownWork };
  const verdict = judge(operation, settings.modes[tool.realm]);
  if (verdict.allowed) return;
  throw refusal(operation, verdict.mode, { tool: tool.name, others, byHand: tool.byHand?.(input as never) });
}

/** Whether any call of the tool could pass with these settings: what never can is not listed. */
export function isListed(tool: AnyTool, settings: Settings): boolean {
  if (tool.realm === 'cloud' && !settings.cloud.configured) return false;
  return mayPass(tool, settings);
}

function mayPass(tool: AnyTool, settings: Settings): boolean {
  const modes = settings.modes[tool.realm];
  return possibleEffects(tool).some((effect) => judge({ realm: tool.realm, effect, ownWork: true }, modes).allowed);
}
