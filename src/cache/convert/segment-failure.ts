import { messageOf } from '../../errors.ts';

/** The database rejected a segment: its transaction is lost and must be repeated with the tolerant reading. */
export class SegmentFailure extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(messageOf(cause), { cause });
    this.path = path;
  }
}

/** Whether the data are the cause, and not a full disk or an interruption. */
export function isDataError(error: unknown): boolean {
  return /^(Invalid Input|Conversion|Out of Range) Error/.test(messageOf(error));
}
