export { type FileRules, isInsideAny, readAllowedFile } from './allowed-file.ts';
export { MASK, maskConfiguration } from './mask.ts';
export { maskManifest } from './mask-manifest.ts';
export { redactBeginning } from './redact-beginning.ts';
export { redactName } from './redact-name.ts';
export { redactQuoted } from './redact-quoted.ts';
export { createRedactor, type GrowingRedactor } from './redactor.ts';
export { nameForExample, namesForField } from './suggestions.ts';
export type {
  ConfigLayers,
  ConfigSpec,
  ConfigUpdates,
  Credential,
  RedactionLevel,
  RedactionStream,
  Redactor,
  Resolution,
  ResolvedConfig,
  SecretEntry,
  SecretKind,
  SecretStore,
  Vault,
  VaultStatus,
} from './types.ts';
export { createVault, type VaultOptions } from './vault.ts';
