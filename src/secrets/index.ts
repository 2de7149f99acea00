export type {
  ConfigLayers,
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
