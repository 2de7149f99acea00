/** Arguments that only some kinds of objects take. */
import { InputError } from '../../errors.ts';

/**
 * @param given arguments by name; absent ones are undefined
 * @param takes what this kind takes besides what every kind takes
 * @throws InputError `argument_does_not_fit` naming what the kind takes
 */
export function checkFits(kind: string, given: Readonly<Record<string, unknown>>, takes: readonly string[]): void {
  const others = Object.keys(given).filter((name) => given[name] !== undefined && !takes.includes(name));
  if (others.length === 0) return;
  throw new InputError(
    'argument_does_not_fit',
    `${others.join(', ')} ${others.length === 1 ? 'does' : 'do'} not go with kind ${kind}.`,
    `A ${kind} takes: ${takes.join(', ')}.`,
  );
}

/** @throws InputError `argument_missing` */
export function missing(kind: string, what: string, next: string): InputError {
  return new InputError('argument_missing', `A ${kind} needs ${what}.`, next);
}

export function nothingToChange(next: string): InputError {
  return new InputError('nothing_to_change', 'changes names nothing that would change.', next);
}
