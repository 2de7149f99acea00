/** The report of an object while it is built: facts as data, large parts as text too, and what was left out. */
import type { Page, Paged } from '../../../cloud/index.ts';
import type { JsonValue } from '../../../protocol/index.ts';
import type { Call } from '../../tool.ts';
import { boundedJson, isoDate, shortName } from '../bounds.ts';
import { ignore } from '../masking.ts';
import { everyItem } from '../scan.ts';
import type { Description, Include, Part } from './description.ts';

export interface Question {
  readonly id: string;
  readonly include: ReadonlySet<Include>;
  /** The workspace that the call names. */
  readonly workspaceId: string | undefined;
  /** State and catalog are written to files in full. */
  readonly toFile: boolean;
}

export interface ObjectReport {
  readonly data: Omit<Description, 'kind' | 'notes'>;
  readonly parts: Part[];
  readonly notes: string[];
}

export type WorkspaceSummary = NonNullable<Description['workspace']>;

const MAX_USERS = 50;
const MAX_LOOKED = 1000;

export function newReport(data: ObjectReport['data']): ObjectReport {
  return { data, parts: [], notes: [] };
}

/** A large part, complete in the data if it fits. */
export function put(
  report: ObjectReport,
  label: 'configuration' | Exclude<Include, 'billing'>,
  value: JsonValue,
  { services }: Call,
): void {
  const { shown, text, cut } = boundedJson(value, services.vault.redactor);
  report.data[label] = shown;
  report.parts.push({ label, text });
  if (cut) report.notes.push(`${label}: ${cut}; the rest stands at the web address`);
}

/** Objects of a list that use this object. */
export async function usersOf<T>(
  list: (page: Page) => Promise<Paged<T>>,
  uses: (item: T) => boolean,
): Promise<{ readonly found: readonly T[]; readonly note?: string }> {
  const found: T[] = [];
  for await (const { item, next } of everyItem(list)) {
    if (uses(item)) found.push(item);
    if (found.length > MAX_USERS) return { found: found.slice(0, MAX_USERS), note: `more than ${MAX_USERS} use it` };
    if (next >= MAX_LOOKED) return { found, note: `only the first ${MAX_LOOKED} were looked at` };
  }
  return { found };
}

/** Adds the name if it can be fetched, else returns the id alone. */
export async function named(
  id: string,
  get: (id: string, signal: AbortSignal) => Promise<{ readonly name: string }>,
  { signal }: Call,
): Promise<WorkspaceSummary> {
  const found = await get(id, signal).catch(ignore(signal));
  return found ? { id, name: shortName(found.name) } : { id };
}

/** @param seconds since 1970 */
export function dateOf(seconds: number | undefined): string | undefined {
  return isoDate(seconds === undefined ? undefined : seconds * 1000);
}
