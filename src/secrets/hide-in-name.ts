import { hideShapes } from './mask.ts';
import type { Redactor } from './types.ts';

/** A name that a person gave to a thing elsewhere, without a secret in it: known ones are sealed, what looks like one is masked. */
export function hideInName(name: string, redactor: Redactor): string {
  return hideShapes(redactor.seal(name, 'data'));
}
