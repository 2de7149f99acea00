import { maskShapes } from '../mask/mask.ts';
import type { Redactor } from '../types.ts';

/** Redacts known secrets in a name that a person chose elsewhere, and masks text that looks like one. */
export function redactName(name: string, redactor: Redactor): string {
  const hidden = maskShapes(redactor.redact(name, 'data'));
  return hidden.length <= MAX_CHARACTERS ? hidden : `${hidden.slice(0, MAX_CHARACTERS)}…`;
}

/** A longer text is not a name, and would be shown repeatedly. */
const MAX_CHARACTERS = 1_000;
