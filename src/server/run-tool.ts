/** Runs a tool with its plan, and records what it created, changed and deleted, whether it succeeds or fails. */
import { type AuditObject, type CallEffects, type LedgerEntry, noEffects, recordingLedger } from '../safety/index.ts';
import { type Answer, type AnyTool, type Call, type Plan, type PlanContext, shownEffect } from '../tools/index.ts';
import { authorize } from './gate.ts';

/** How a run ended; every call that joined it gets the same. */
export type Ran = {
  /** What the call was about, where the tool reported it. */
  readonly object?: AuditObject | undefined;
  /** Whether all waiting callers had given up before the end. */
  readonly abandoned: boolean;
  readonly effects: CallEffects;
  /** What the call would have touched, if it was refused during the run. */
  readonly refused?: readonly LedgerEntry[] | undefined;
} & ({ readonly answer: Answer<unknown> } | { readonly error: unknown });

/** @returns the answer or the error of the tool; never rejects */
export async function runTool(tool: AnyTool, input: unknown, context: PlanContext, plan: Plan): Promise<Ran> {
  const { services, signal, progress } = context;
  const effects = noEffects();
  let object: AuditObject | undefined;
  let refused: readonly LedgerEntry[] | undefined;
  const call: Call = {
    services: { ...services, ledger: recordingLedger(services.ledger, effects) },
    signal,
    progress,
    about(reported) {
      object = reported;
    },
    authorize(effect, targets) {
      if (targets.length === 0) return;
      refused = targets;
      authorize(tool, input, services, { effect, targets });
      refused = undefined;
      // Deletions are recorded when the entry leaves the ledger.
      if (effect === 'change') effects.changed.push(...targets);
    },
  };
  try {
    const answer = await (tool.run as Run)(input, call, plan);
    if (tool.realm === 'cloud' && shownEffect(tool) === 'change') effects.changed.push(...changedInCloud(object));
    return { answer, object, abandoned: signal.aborted, effects };
  } catch (error) {
    return { error, object, abandoned: signal.aborted, refused, effects };
  }
}

type Run = (input: unknown, call: Call, plan: Plan) => Promise<Answer<unknown>>;

/** The plan of a change in Airbyte lists everything that depends on the object; changed is only what the tool reports. */
function changedInCloud(object: AuditObject | undefined): LedgerEntry[] {
  if (object?.id === undefined) return [];
  return [{ realm: 'cloud', kind: object.kind as LedgerEntry['kind'], id: object.id, name: object.name }];
}
