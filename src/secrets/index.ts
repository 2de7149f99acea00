export { type FileRules, isInsideAny, readAllowedFile } from './allowed-file.ts';
export { hideInName } from './hide-in-name.ts';
export { hideQuoted } from './hide-quoted.ts';
export { MASK, maskConfiguration } from './mask.ts';
export { maskManifest } from './mask-manifest.ts';
export { createRedactor, type GrowingRedactor } from './redactor.ts';
export { sealBeginning } from './seal-beginning.ts';
export { nameForExample, namesForField } from './suggestions.ts';
export type {
  ConfigLayers,
  ConfigSpec,
  ConfigUpdates,
  Credential,
  Redactor,
  Resolution,
  ResolvedConfig,
  SealLevel,
  SealStream,
  SecretEntry,
  SecretKind,
  SecretStore,
  Vault,
  VaultStatus,
} from './types.ts';
export { createVault, type VaultOptions } from './vault.ts';
