export { type CloudOptions, createCloud } from './cloud.ts';
export * from './job-types.ts';
export * from './types.ts';
export * from './workspace-types.ts';
