/** Redacts secrets in the names and reasons that an Airbyte returns, before anything cuts, shows or stores them. */
import { isObject } from '../protocol/index.ts';

/** Redacts an object with an id, or each object of a list. Nested values are unchanged, because updates send them back. */
export function withRedactedNames<T>(answer: T, redact: (text: string) => string): T {
  if (Array.isArray(answer)) return answer.map((item) => withRedactedNames(item, redact)) as T;
  if (!isObject(answer)) return answer;
  const { items } = answer as { items?: unknown };
  if (Array.isArray(items)) return { ...answer, items: withRedactedNames(items, redact) };
  if (!('id' in answer)) return answer;
  const redacted = (['name', 'statusReason'] as const).flatMap((field) => {
    const text: unknown = (answer as Record<string, unknown>)[field];
    return typeof text === 'string' ? [[field, redact(text)]] : [];
  });
  return { ...answer, ...Object.fromEntries(redacted) };
}
