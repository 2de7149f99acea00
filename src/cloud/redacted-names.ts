/** Names and reasons as an Airbyte tells them: a secret in one is hidden before anybody cuts, shows or keeps it. */
import { isObject } from '../protocol/index.ts';

/** Of an object with an id, and of each in a list; what lies deeper is sent back as it came, and stays. */
export function withRedactedNames<T>(answer: T, hide: (text: string) => string): T {
  if (Array.isArray(answer)) return answer.map((item) => withRedactedNames(item, hide)) as T;
  if (!isObject(answer)) return answer;
  const { items } = answer as { items?: unknown };
  if (Array.isArray(items)) return { ...answer, items: withRedactedNames(items, hide) };
  if (!('id' in answer)) return answer;
  const hidden = (['name', 'statusReason'] as const).flatMap((field) => {
    const text: unknown = (answer as Record<string, unknown>)[field];
    return typeof text === 'string' ? [[field, hide(text)]] : [];
  });
  return { ...answer, ...Object.fromEntries(hidden) };
}
