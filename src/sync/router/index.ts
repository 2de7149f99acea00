export { topLevelText } from './envelope.ts';
export { createRouter, type RecordForm } from './router.ts';
