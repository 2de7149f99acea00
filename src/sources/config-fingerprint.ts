/** Where a connector's data lie, as far as its configuration says: all of it but the secrets, and of secret URLs the address, as a hash. */
import { createHash } from 'node:crypto';
import {
  canonicalJson,
  type FieldPath,
  fieldsAt,
  isObject,
  type JsonObject,
  type JsonValue,
} from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';

/** The same before and after a password is changed; another one when the host, the path or the connector is. */
export function configFingerprint(
  connector: string,
  config: ResolvedConfig,
  { spec, secretKeys }: { readonly spec: JsonObject; readonly secretKeys: ReadonlySet<string> },
): string {
  return config.use((plain) => {
    const open = (value: JsonValue, path: FieldPath): JsonValue => {
      const key = path.at(-1);
      if (typeof key === 'string' && secretKeys.has(key)) return addressIn(value);
      if (path.length > 0 && fieldsAt(spec, path, plain).secret) return addressIn(value);
      if (Array.isArray(value)) return value.map((item, index) => open(item, [...path, index]));
      if (!isObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, open(item, [...path, name])]));
    };
    const text = canonicalJson({ connector, config: open(plain, []) });
    return createHash('sha256').update(text).digest('hex').slice(0, 32);
  });
}

/** A connection string is secret for its password; the server and the database that it names are a place. */
export function addressIn(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return null;
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.:-]*):\/\/([^?#\s]*)/i.exec(value) ?? [];
  return scheme === undefined ? null : `${scheme}://${rest.slice(rest.lastIndexOf('@') + 1)}`;
}
