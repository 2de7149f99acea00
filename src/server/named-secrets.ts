/** An answer that redacts many values from the call itself would confirm which of its guesses are right. */
import { RefusedError } from '../errors.ts';
import type { Redactor } from '../secrets/index.ts';

const MAX_NAMED_SECRETS = 24;

/**
 * @param values values of the call that the answer shows; others are not counted, because the refusal
 * would reveal them
 * @throws RefusedError `too_many_secrets`
 */
export function refuseGuessing(values: readonly unknown[], redactor: Redactor): void {
  const count = values.reduce<number>((sum, value) => sum + redactor.count(JSON.stringify(value) ?? '', 'data'), 0);
  if (count <= MAX_NAMED_SECRETS) return;
  throw new RefusedError(
    'too_many_secrets',
    'The answer would redact too many secret values that the call itself contains to be an accident.',
    'Write secret_reference::NAME where a secret belongs; a call must not contain secret values.',
  );
}
