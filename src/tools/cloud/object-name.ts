/** From the unique name of an object to its id, wherever an id is asked for. */
import type { Page, Paged } from '../../cloud/index.ts';
import { isUuid } from '../../config/index.ts';
import { InputError } from '../../errors.ts';
import { nearest } from '../../protocol/index.ts';
import { redactName } from '../../secrets/index.ts';
import type { Services } from '../services.ts';
import { shortName } from './bounds.ts';
import { allItems } from './scan.ts';

interface IdAndName {
  readonly id: string;
  readonly name: string;
}

const MAX_LISTED = 20;

/**
 * @param field the argument, for the error
 * @param list all objects of the kind that may be meant
 * @throws InputError `bad_id`, `unknown_name`, `ambiguous_name`
 */
export async function idOf(
  idOrName: string,
  { kind, field }: { readonly kind: string; readonly field: string },
  list: (page: Page) => Promise<Paged<IdAndName>>,
  { vault }: Services,
): Promise<string> {
  if (isUuid(idOrName)) return idOrName;
  if (idOrName.trim() === '') {
    throw new InputError(
      'bad_id',
      `${field} is empty.`,
      'Give the id, or the unique name; list_cloud_objects shows both.',
    );
  }
  // Listed names are redacted.
  const requested = redactName(idOrName, vault.redactor);
  const all = await allItems(list);
  const exact = all.filter(({ name }) => name === requested);
  const found = exact.length > 0 ? exact : all.filter(({ name }) => name.toLowerCase() === requested.toLowerCase());
  const [first, second] = found;
  if (first && !second) return first.id;
  throw first ? ambiguous(kind, requested, found) : unknown(kind, requested, all);
}

function ambiguous(kind: string, name: string, found: readonly IdAndName[]): InputError {
  return new InputError(
    'ambiguous_name',
    `${found.length} objects of kind ${kind} are called ${JSON.stringify(shortName(name))}.`,
    'Give the id of the intended one.',
    { details: { ids: found.slice(0, MAX_LISTED).map(({ id }) => id) } },
  );
}

function unknown(kind: string, name: string, all: readonly IdAndName[]): InputError {
  const near = nearest(
    name,
    all.map((each) => shortName(each.name)),
  );
  return new InputError(
    'unknown_name',
    `Nothing of kind ${kind} has the id or name ${JSON.stringify(shortName(name))}.`,
    `${near.length > 0 ? `Similar names: ${near.map((each) => JSON.stringify(each)).join(', ')}. ` : ''}list_cloud_objects with kind ${kind} shows names and ids.`,
  );
}
