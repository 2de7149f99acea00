export { findName } from './find-name.ts';
export { readBackOf } from './read-back.ts';
export type { ReadBack, ReadBackPlace } from './types.ts';
