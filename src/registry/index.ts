export type { Addresses } from './addresses.ts';
export { createRegistry, type RegistryOptions } from './registry.ts';
export type {
  BreakingChange,
  ConnectorType,
  DocumentationLink,
  Registry,
  RegistryContents,
  RegistryEntry,
  RegistryRuntime,
  ReleasedVersion,
  SearchQuery,
  SearchResult,
  SecretKeys,
} from './types.ts';
