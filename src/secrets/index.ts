/**
 * The only module that holds secret values. The path of a secret:
 *
 * 1. Read: `vault/current-env-file.ts` and `vault/secret-stores.ts` (keychain); `vault/vault.ts` registers every value
 *    with the redactor (`registerValues`) before anything else can use it.
 * 2. Resolved: `Vault.resolve` merges the layers of a configuration (`references/layers.ts`, `resolveLayers`), walks each
 *    (`references/walk-layer.ts`, `walkLayer`) and replaces `secret_reference::NAME` by its value
 *    (`references/resolve-reference.ts`, `resolveReference`).
 * 3. Plaintext: only the callback of `ResolvedConfig.use` gets it. The connectors module passes it to the connector;
 *    answers are made from `ResolvedConfig.outline`, in which held values replace secrets.
 * 4. Redacted: `redact/redactor.ts` replaces known values in everything that leaves the process. It is called once more
 *    at the exit of the server, whatever a tool did before.
 *
 * Three words: *redact* replaces secret values; *mask* covers what a policy or a spec marks as sensitive (`mask/`);
 * *escape* makes invisible characters visible (`src/hidden-characters.ts`).
 */
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
