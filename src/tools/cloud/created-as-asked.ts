/** Whether a create returned the requested object: only then does this session own it and may change or delete it. */

export const NOT_OWN =
  'Airbyte answered with other ids than were asked for: this session does not count it as its own. Look at it with describe_cloud_object.';

/** @param asked ids that the answer must have too */
export function isAsAsked<T extends object>(made: T, asked: Partial<T>): boolean {
  return Object.entries(asked).every(
    ([field, id]) => String(made[field as keyof T]).toLowerCase() === String(id).toLowerCase(),
  );
}
