import { messageOf } from '../../errors.ts';

/** A segment failed at the database; its transaction is lost and must be done again, the careful way. */
export class SegmentFailure extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(messageOf(cause), { cause });
    this.path = path;
  }
}

/** Whether the data are to blame: not a full disk, not an interruption. */
export function isDataError(error: unknown): boolean {
  return /^(Invalid Input|Conversion|Out of Range) Error/.test(messageOf(error));
}
