export { topLevelText } from './envelope.ts';
export { createRouter } from './router.ts';
export type { RecordForm } from './sink.ts';
