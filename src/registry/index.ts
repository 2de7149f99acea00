export { createRegistry } from './registry.ts';
export type { Registry, RegistryEntry, RegistryRuntime } from './types.ts';
