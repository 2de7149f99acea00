export { topLevelText } from './envelope.ts';
export { skipSpace, walkList, walkObject } from './json-scan.ts';
export { createRouter, MAX_LINE_BYTES, type Router, type RouterSink } from './router.ts';
