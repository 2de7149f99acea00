export { findName } from './find-name.ts';
export { readBackOf } from './read-back.ts';
export type { ReadBack, ReadBackSource } from './types.ts';
