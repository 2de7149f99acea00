export { MASK, maskConfiguration } from './mask/mask.ts';
export { maskManifest } from './mask/mask-manifest.ts';
export { redactBeginning } from './redact/redact-beginning.ts';
export { redactName } from './redact/redact-name.ts';
export { redactQuoted } from './redact/redact-quoted.ts';
export { createRedactor, type GrowingRedactor } from './redact/redactor.ts';
export { type FileRules, isInsideAny, readAllowedFile } from './references/allowed-file.ts';
export { nameForExample, namesForField } from './references/suggestions.ts';
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
export { createVault, type VaultOptions } from './vault/vault.ts';
