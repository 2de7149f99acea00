/** Whether what answers a create is what was asked for, and new: only that is this session's own. */
import { UpstreamError } from '../../errors.ts';

/** Clocks go wrong by hours; what is older than this was there before. */
const OLD_MS = 24 * 3_600_000;

/**
 * @param asked ids that the answer must have too
 * @throws UpstreamError `cloud_outcome_unknown`
 */
export function checkMade<T extends object>(
  made: T & { readonly createdAt?: number | undefined },
  asked: Partial<T>,
): T {
  const same = Object.entries(asked).every(
    ([field, id]) => String(made[field as keyof T]).toLowerCase() === String(id).toLowerCase(),
  );
  // Seconds since 1970; 0 where nobody knows.
  const isOld = made.createdAt ? made.createdAt * 1000 < Date.now() - OLD_MS : false;
  if (same && !isOld) return made;
  throw new UpstreamError(
    'cloud_outcome_unknown',
    `Airbyte answered with ${same ? 'something that was there before' : 'something else than was asked for'}: the deed may be done.`,
    'Look with list_cloud_objects before you call again: a second call may do it twice.',
  );
}
