/** Redacts Airbyte's error messages: they may quote secrets that Airbyte holds and Sluice does not know. */
import type { SluiceError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { Services } from '../services.ts';
import { textRedactor } from './messages.ts';

type Concrete = new (...parameters: ConstructorParameters<typeof SluiceError>) => SluiceError;

/**
 * The same error, with the values after names of secret fields redacted in Airbyte’s message.
 * @param spec of the connector whose configuration was sent
 */
export async function withRedactedMessage(
  error: SluiceError,
  services: Services,
  spec: JsonObject = {},
): Promise<SluiceError> {
  const { airbyte_says: quoted, ...details } = error.details;
  if (typeof quoted !== 'string') return error;
  // The call may be over by now; its error is still audited.
  const redact = await textRedactor(services, new AbortController().signal, spec);
  const { code, message, next, problems, cause } = error;
  const facts = { problems, cause, details: { ...details, airbyte_says: redact(quoted) } };
  return new (error.constructor as Concrete)(code, message, next, facts);
}
