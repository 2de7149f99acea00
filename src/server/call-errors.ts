/** Errors of a call as its client may see them. */
import { randomUUID } from 'node:crypto';
import { messageOf, SluiceError } from '../errors.ts';
import { type Services, withRedactedMessage } from '../tools/index.ts';
import { refuseGuessing } from './named-secrets.ts';

/**
 * A known error with Cloud's literal secrets redacted; an unknown one as an internal error.
 * @param report receives the stack of a bug; redacts it itself
 */
export async function shownError(
  error: unknown,
  services: Services,
  report: (text: string) => void,
): Promise<SluiceError> {
  if (!(error instanceof SluiceError)) return internalError(error, report);
  const shown = await withRedactedMessage(error, services);
  if (shown.kind !== 'input') return shown;
  try {
    // An error about the arguments can quote guesses as an answer can.
    const { message, next, problems, details } = shown;
    refuseGuessing([message, next, problems, details], services.vault.redactor);
    return shown;
  } catch (refused) {
    return refused as SluiceError;
  }
}

export function isCancellation(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'cancelled';
}

/** A bug is reported with an id; its stack is written to stderr under the same id. */
function internalError(error: unknown, report: (text: string) => void): SluiceError {
  const id = randomUUID().slice(0, 8);
  report(`internal error ${id}: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
  return new InternalError(id);
}

class InternalError extends SluiceError {
  readonly kind = 'setup';
  constructor(id: string) {
    super(
      'internal_error',
      `Internal error in Sluice (id ${id}).`,
      'Report it with this id and the lines about it on the server’s stderr.',
      { details: { id } },
    );
  }
}
