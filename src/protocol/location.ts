/** What tells where the data of a destination lie. Two configurations mean two places only where they say so. */

export interface Location {
  readonly connector: string;
  /** Hashes of the fields that name a place (a host, a path, a schema), by dotted path; equal for what is written in other words. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Whether two destinations surely are two places: of other connectors, or with another value in a field that both have. */
export function isElsewhere(one: Location, other: Location): boolean {
  if (one.connector !== other.connector) return true;
  return Object.entries(one.fields).some(([field, hash]) => {
    const there = other.fields[field];
    return there !== undefined && there !== hash;
  });
}
