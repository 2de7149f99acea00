export { topLevelText } from './envelope.ts';
export { readString, skipSpace, walkList, walkObject } from './json-scan.ts';
export { createRouter, type RecordForm } from './router.ts';
