export { type Audit, type AuditObject, type AuditRecord, createAudit } from './audit.ts';
export { type Effect, judge, type Operation, refusal, type Verdict } from './effects.ts';
export { createLedger, idOfOld, type Ledger, type LedgerEntry, type LedgerKind } from './ledger.ts';
export {
  type CallEffects,
  type CallEntry,
  createSessionHistory,
  noEffects,
  recordingLedger,
  type SessionHistory,
} from './session-history.ts';
