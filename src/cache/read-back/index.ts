export { findName } from './find-name.ts';
export { type ReadBack, type ReadBackPlace, readBackOf } from './read-back.ts';
