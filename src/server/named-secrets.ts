/** An answer that redacts many values from the call itself would confirm which of its guesses are right. */
import { RefusedError } from '../errors.ts';
import type { Redactor } from '../secrets/index.ts';

const MAX_NAMED_SECRETS = 24;

/**
 * @param values what the answer shows that came from the call itself; what is not shown is not counted, for the refusal
 * would tell of it
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
