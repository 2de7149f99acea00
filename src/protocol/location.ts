/** Identifies where the data of a destination are. Two configurations mean two locations only where their fields differ. */

export interface Location {
  readonly connector: string;
  /** Hashes of the fields that name a location (a host, a path, a schema), by dotted path; equal for equivalent spellings. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Whether two destinations are certainly two locations: of different connectors, or with different values in a field that both have. */
export function isElsewhere(one: Location, other: Location): boolean {
  if (one.connector !== other.connector) return true;
  return Object.entries(one.fields).some(([field, hash]) => {
    const there = other.fields[field];
    return there !== undefined && there !== hash;
  });
}
