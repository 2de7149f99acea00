/** The gate: the modes, the effect and the ledger decide before a tool runs, and again right before it changes something. */

import type { Settings } from '../config/index.ts';
import { judge, type Operation, refusal } from '../safety/index.ts';
import { type AnyTool, type Plan, possibleEffects, type Services, shownEffect } from '../tools/index.ts';

/**
 * Refuses a tool that these modes never allow, before anything is looked up.
 * @throws RefusedError
 */
export function authorizeTool(tool: AnyTool, input: unknown, services: Services): void {
  if (!mayPass(tool, services.settings)) authorize(tool, input, services, { effect: shownEffect(tool), targets: [] });
}

/**
 * Judges one plan: safe mode lets a session change and destroy only what it created.
 * @throws RefusedError that names the mode, what the session did not create, and who can lift the mode
 */
export function authorize(tool: AnyTool, input: unknown, { settings, ledger }: Services, plan: Plan): void {
  const others = plan.targets.filter((entry) => !ledger.holds(entry));
  const ownWork = plan.targets.length > 0 && others.length === 0;
  const operation: Operation = { realm: tool.realm, effect: plan.effect, ownWork };
  const verdict = judge(operation, settings.modes[tool.realm]);
  if (verdict.allowed) return;
  throw refusal(operation, verdict.mode, { tool: tool.name, others, byHand: tool.byHand?.(input as never) });
}

/** Whether any call of the tool could pass with these settings; other tools are not listed. */
export function isListed(tool: AnyTool, settings: Settings): boolean {
  if (tool.realm === 'cloud' && !settings.cloud.configured) return false;
  return mayPass(tool, settings);
}

function mayPass(tool: AnyTool, settings: Settings): boolean {
  const modes = settings.modes[tool.realm];
  return possibleEffects(tool).some((effect) => judge({ realm: tool.realm, effect, ownWork: true }, modes).allowed);
}
