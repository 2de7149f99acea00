/** Identifies the data of a connector: a hash of its configuration without secrets, but with the addresses in secret URLs. */
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

/** Does not change with a password; changes with the host, the path or the connector. */
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

/** The server and the database of a connection string, which is secret only because of its password. */
export function addressIn(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return null;
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.:-]*):\/\/([^?#\s]*)/i.exec(value) ?? [];
  return scheme === undefined ? null : `${scheme}://${rest.slice(rest.lastIndexOf('@') + 1)}`;
}
