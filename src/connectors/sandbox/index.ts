export { isWithin, resolveLinks } from './paths.ts';
export { protectedPaths } from './protected-paths.ts';
export { createSandbox } from './sandbox.ts';
export type { Admission, Confined, ConfinedRun, Sandbox, SandboxStatus } from './types.ts';
