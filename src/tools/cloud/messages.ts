/** Messages of connectors and Airbyte, redacted: they quote configurations, and contain secrets that Sluice does not know. */
import { secretFields } from '../../protocol/index.ts';
import { redactBeginning, redactQuoted } from '../../secrets/index.ts';
import type { Services } from '../services.ts';

export type RedactText = (text: string, shown?: number) => string;

const SHOWN = 2_000;

/**
 * Redacts a text, then cuts it.
 * @param spec of the connector, if known: values after the names of its secret fields are redacted too
 */
export async function textRedactor(services: Services, signal: AbortSignal, spec: object = {}): Promise<RedactText> {
  const { keys } = await services.registry.secretKeys(signal);
  const { redactor } = services.vault;
  const fields = secretFields(spec as Parameters<typeof secretFields>[0]).map((path) => /([\w-]+)\W*$/.exec(path)?.[1]);
  const names = new Set([...keys, ...fields.filter((name) => name !== undefined)]);
  return (text, shown = SHOWN) => {
    const beginning = redactBeginning(text, { redactor, level: 'connector', shown: text.length + SHOWN });
    const hidden = redactQuoted(beginning.text, names);
    return hidden.length <= shown && !beginning.cut ? hidden : `${hidden.slice(0, shown)}…`;
  };
}
