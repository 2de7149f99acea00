import { hideShapes } from './mask.ts';
import type { Redactor } from './types.ts';

/** A name that a person gave to a thing elsewhere, without a secret in it: known ones are sealed, what looks like one is masked. */
export function hideInName(name: string, redactor: Redactor): string {
  const hidden = hideShapes(redactor.seal(name, 'data'));
  return hidden.length <= MOST_CHARACTERS ? hidden : `${hidden.slice(0, MOST_CHARACTERS)}…`;
}

/** More is no name, and would be shown again and again. */
const MOST_CHARACTERS = 1_000;
