/** Addresses of the registry and its related files. */
import { isAbsolute } from 'node:path';
import type { Settings } from '../config/index.ts';
import { SetupError } from '../errors.ts';

export interface Addresses {
  /** The list of all connectors. */
  readonly registry: string;
  /** Folder with one folder per connector and version; ends in `/`. */
  readonly metadata: string;
  readonly secretKeys: string;
  /** PyPI's JSON API; ends in `/`. */
  readonly pypi: string;
}

export const PUBLIC_ADDRESSES: Addresses = {
  registry: 'https://connectors.airbyte.com/files/registries/v0/oss_registry.json',
  metadata: 'https://connectors.airbyte.com/files/metadata/airbyte/',
  secretKeys: 'https://connectors.airbyte.com/files/registries/v0/specs_secrets_mask.yaml',
  pypi: 'https://pypi.org/pypi/',
};

export interface RegistryLocation {
  readonly addresses: Addresses;
  /** The user's own registry file, instead of `addresses.registry`. */
  readonly file?: string;
}

/**
 * Interprets `AIRBYTE_LOCAL_REGISTRY`.
 * @throws SetupError `bad_local_registry` if it is neither an http(s) address nor an absolute path
 */
export function registryLocation(settings: Pick<Settings, 'localRegistry'>, standard: Addresses): RegistryLocation {
  const setting = settings.localRegistry;
  if (setting === undefined) return { addresses: standard };
  if (/^https?:\/\//i.test(setting)) return { addresses: mirrorOf(setting, standard) };
  if (isAbsolute(setting)) return { addresses: standard, file: setting };
  throw badLocalRegistry('is neither an http(s) address nor an absolute path');
}

function mirrorOf(setting: string, standard: Addresses): Addresses {
  if (!URL.canParse(setting)) throw badLocalRegistry('is not a valid address');
  const url = new URL(setting);
  if (url.username || url.password)
    throw badLocalRegistry('holds a user name or a password, which would not stay secret');
  // Airbyte's own layout puts the metadata next to the folder of the registries.
  const layout = /^(.*\/)registries\/[^/]+\/[^/]+$/.exec(url.pathname);
  const folder = layout ? (layout[1] as string) : new URL('.', url).pathname;
  return {
    registry: url.href,
    metadata: new URL(`${folder}metadata/airbyte/`, url).href,
    secretKeys: new URL('specs_secrets_mask.yaml', url).href,
    pypi: standard.pypi,
  };
}

export function badLocalRegistry(reason: string, cause?: unknown): SetupError {
  return new SetupError(
    'bad_local_registry',
    `AIRBYTE_LOCAL_REGISTRY ${reason}.`,
    'Set it to the https address or the absolute path of a registry JSON ({"sources": [...], "destinations": [...]}), or remove it to use the public registry, and restart the server.',
    { cause },
  );
}
