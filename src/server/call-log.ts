/** What the audit and the session's history record of one call; completed as the call proceeds. */
import { type AuditObject, type AuditRecord, type CallEffects, type LedgerEntry, noEffects } from '../safety/index.ts';
import type { AnyTool, Services } from '../tools/index.ts';
import type { Ran } from './run-tool.ts';

export interface CallLog {
  /** After coercion; the audit redacts them. */
  readonly arguments: unknown;
  verdict: AuditRecord['verdict'];
  /** `ok`, `in_progress`, or the code of the error. */
  outcome: string;
  targets: readonly LedgerEntry[];
  /** Copies what a run reported, including a refusal during the run. */
  take(ran: Ran): void;
  /** Writes the line of a call that completed after every caller had given up. */
  writeAfterCancel(ran: Ran): Promise<void>;
  /** Writes the call's own line. Never rejects. */
  write(): Promise<void>;
}

interface Context {
  /** Id of the server's process in the audit. */
  readonly session: string;
  readonly client: string;
  readonly services: Pick<Services, 'audit' | 'history'>;
}

export function createCallLog(tool: AnyTool, args: unknown, { session, client, services }: Context): CallLog {
  const startedAt = Date.now();
  let object: AuditObject | undefined;
  let effects = noEffects();
  const record = (outcome: string, done: CallEffects): void =>
    services.history.record({ at: new Date(startedAt).toISOString(), tool: tool.name, outcome, ...done });
  const write = ({ targets, ...ended }: Ended): Promise<void> =>
    services.audit.write({
      session,
      client,
      tool: tool.name,
      arguments: args,
      argumentNames: Object.keys(tool.input.shape),
      ...ended,
      targets: targets.length > 0 ? targets : undefined,
      durationMs: Date.now() - startedAt,
    });
  return {
    arguments: args,
    verdict: 'invalid',
    outcome: 'ok',
    targets: [],
    take(ran) {
      object = ran.object;
      effects = ran.effects;
      if (!ran.refused) return;
      this.verdict = 'refused';
      this.targets = ran.refused;
    },
    async writeAfterCancel(ran) {
      record('ok', ran.effects);
      const { targets } = this;
      await write({ object: ran.object, targets, verdict: 'allowed', outcome: 'ok', afterCancel: true });
    },
    async write() {
      const { targets, verdict, outcome } = this;
      record(outcome, effects);
      await write({ object, targets, verdict, outcome });
    },
  };
}

type Ended = Pick<AuditRecord, 'object' | 'verdict' | 'outcome' | 'afterCancel'> & {
  readonly targets: readonly LedgerEntry[];
};
