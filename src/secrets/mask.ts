/** A configuration that came from elsewhere, as it may be shown: keys and plain values, and in the place of each secret a mask. */
import { type FieldPath, fieldsAt, isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';
import { hasSensitiveShape, hasSensitiveWord } from './sensitive.ts';

export const MASK = '**********';

export interface MaskRules {
  /** The connector's `connectionSpecification`; without it names alone decide. */
  readonly spec?: JsonObject | undefined;
  /** The registry's published list of keys whose values are secret. */
  readonly secretKeys: ReadonlySet<string>;
}

/**
 * Secret is what the spec marks, what stands under a key of the list, what the spec does not know and is named like a
 * secret, each with all that lies in it; and every text that looks like one.
 */
export function maskConfiguration(configuration: JsonObject, { spec, secretKeys }: MaskRules): JsonObject {
  const isSecret = (path: FieldPath, key: string): boolean => {
    const facts = spec && fieldsAt(spec, path, configuration);
    if (facts?.secret || secretKeys.has(key)) return true;
    return !(facts?.known && !facts.freeForm) && hasSensitiveWord(key);
  };
  const walk = (value: JsonValue, path: FieldPath): JsonValue => {
    const key = path.at(-1);
    if (key !== undefined && value !== null && isSecret(path, typeof key === 'string' ? key : '')) return MASK;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (isObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, [...path, name])]));
    }
    return typeof value === 'string' && hasSensitiveShape(value) ? MASK : value;
  };
  return walk(configuration, []) as JsonObject;
}
