export { type CloudOptions, createCloud } from './cloud.ts';
export * from './types.ts';
