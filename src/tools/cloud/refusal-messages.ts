/** What Airbyte says when it refuses: it may quote the secrets that it held already, which nobody here knows. */
import type { SluiceError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { Services } from '../services.ts';
import { textRedactor } from './messages.ts';

type Concrete = new (...parameters: ConstructorParameters<typeof SluiceError>) => SluiceError;

/**
 * The same error, with what follows the names of secret fields hidden in Airbyte's words.
 * @param spec of the connector whose configuration was sent
 */
export async function withRedactedWords(
  error: SluiceError,
  services: Services,
  spec: JsonObject = {},
): Promise<SluiceError> {
  const { airbyte_says: said, ...details } = error.details;
  if (typeof said !== 'string') return error;
  // The call may be over by now; its error is still written down.
  const hide = await textRedactor(services, new AbortController().signal, spec);
  const { code, message, next, problems, cause } = error;
  const facts = { problems, cause, details: { ...details, airbyte_says: hide(said) } };
  return new (error.constructor as Concrete)(code, message, next, facts);
}
