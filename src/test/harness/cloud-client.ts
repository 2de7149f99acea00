/** The client of an Airbyte as the server makes it: from an environment, through settings and vault. */
import { type Cloud, createCloud } from '../../cloud/index.ts';
import { type CloudSettings, loadSettings } from '../../config/index.ts';
import { createVault, type Vault } from '../../secrets/index.ts';

export interface OpenedCloud {
  readonly cloud: Cloud;
  readonly vault: Vault;
  readonly settings: CloudSettings;
}

export function openCloud(environment: Readonly<Record<string, string>>): OpenedCloud {
  const loaded = loadSettings('1.2.3', {}, { HOME: '/nonexistent', ...environment });
  const vault = createVault(loaded);
  const settings = loaded.settings.cloud;
  return { cloud: createCloud({ settings, version: loaded.settings.version, vault }), vault, settings };
}
