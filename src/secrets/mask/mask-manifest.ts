/** Masks a low-code manifest for display: authors write keys into it that belong in a configuration. */
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { carriesSecret, MASK, maskText, namesSecret } from './mask.ts';

/** Templates such as `{{ config['api_key'] }}` and names such as `primary_key` stay: a manifest is unreadable without them. */
export function maskManifest(manifest: JsonObject, secretKeys: ReadonlySet<string>): JsonObject {
  const walk = (value: JsonValue, key: string, inRequest: boolean): JsonValue => {
    if (typeof value === 'string') {
      const named = secretKeys.has(key) || namesSecret(key) || (inRequest && carriesSecret(key));
      return named && value !== '' && !value.includes('{{') ? MASK : maskText(value, secretKeys);
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, key, inRequest));
    if (!isObject(value)) return value;
    const within = inRequest || /^[^$]*(headers|parameters|params|body|body_data|body_json)$/i.test(key);
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        isSecretField(value) && /^(default|const|examples?)$/.test(name) ? MASK : walk(item, name, within),
      ]),
    );
  };
  return walk(manifest, '', false) as JsonObject;
}

/** A spec field for a secret. */
function isSecretField(schema: JsonObject): boolean {
  return schema.airbyte_secret === true;
}
