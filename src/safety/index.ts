export { type Audit, type AuditObject, type AuditRecord, createAudit } from './audit.ts';
export { type Deed, type Effect, judge, refusal, type Verdict } from './effects.ts';
export { createLedger, idOfOld, type Ledger, type LedgerEntry, type LedgerKind } from './ledger.ts';
export {
  type CallNote,
  createSessionHistory,
  type Doing,
  newDoing,
  notingLedger,
  type SessionHistory,
} from './session-history.ts';
