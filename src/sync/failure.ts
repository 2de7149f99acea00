/** An error of our own in the words of a sync's record. */
import { LimitError, messageOf, SluiceError } from '../errors.ts';
import type { SyncLog } from './sync-log.ts';
import { addError, type SyncRecord } from './sync-record.ts';
import type { SyncFailure } from './types.ts';

export function noteFailure(record: SyncRecord, log: SyncLog, error: unknown, from?: SyncFailure['from']): void {
  const next = error instanceof SluiceError ? ` ${error.next}` : '';
  addError(record, {
    message: `${messageOf(error)}${next}`,
    failure_type: failureType(error),
    ...(from ? { from } : {}),
  });
  log.note(`failed: ${messageOf(error)}`);
}

function failureType(error: unknown): string {
  if (error instanceof LimitError) return 'transient_error';
  return error instanceof SluiceError && (error.kind === 'input' || error.kind === 'setup')
    ? 'config_error'
    : 'system_error';
}
