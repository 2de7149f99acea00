import { messageOf, SetupError } from '../errors.ts';

/**
 * The error to show where a write failed because the disk is full; undefined for any other failure.
 * @param path absolute path of what was written, or of its folder
 */
export function diskError(error: unknown, path: string): SetupError | undefined {
  const found = /no space left|ENOSPC|EDQUOT|disk quota exceeded|EFBIG|file too large/i.exec(messageOf(error))?.[0];
  if (found === undefined) return undefined;
  const what = /EFBIG|large/i.test(found) ? 'A file may not grow any further' : 'No space is left';
  return new SetupError(
    'disk_full',
    `${what} on the disk of ${path}.`,
    'Free some space there, or raise the limit, and start it again: what was committed stays.',
    { details: { path }, cause: error },
  );
}
