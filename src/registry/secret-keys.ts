/** The published list of configuration keys whose values are secret, regardless of the spec; loaded on first use, because the YAML parser is large. */
import { parse } from 'yaml';
import { isObject } from '../protocol/index.ts';

/** Used if the published list is unavailable: unambiguous secret keys. */
export const BUILT_IN_SECRET_KEYS: ReadonlySet<string> = new Set([
  'access_key_secret',
  'access_token',
  'api_key',
  'api_secret',
  'api_token',
  'apikey',
  'app_secret',
  'auth_token',
  'bearer_token',
  'client_secret',
  'connection_string',
  'consumer_secret',
  'credentials_json',
  'id_token',
  'passphrase',
  'password',
  'personal_access_token',
  'private_key',
  'private_key_password',
  'refresh_token',
  'secret',
  'secret_access_key',
  'secret_key',
  'service_account_info',
  'service_account_json',
  'service_account_key',
  'session_token',
  'ssh_key',
  'token',
  'tunnel_user_password',
]);

/**
 * Reads `properties: [key, …]`.
 * @throws if the bytes are not YAML, or hold no such list
 */
export function parseSecretKeys(bytes: Buffer): ReadonlySet<string> {
  const content: unknown = parse(bytes.toString('utf8'));
  const list = isObject(content) && Array.isArray(content.properties) ? content.properties : [];
  const keys = list.filter((key): key is string => typeof key === 'string' && key !== '');
  if (keys.length === 0) throw new RangeError('no list of properties');
  return new Set(keys);
}
