export { type Audit, type AuditRecord, createAudit } from './audit.ts';
export { type Deed, EFFECTS, type Effect, judge, refusal, type Verdict } from './effects.ts';
export { createLedger, type Ledger, type LedgerEntry, type LedgerKind } from './ledger.ts';
