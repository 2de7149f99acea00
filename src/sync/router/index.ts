export { topLevelText } from './envelope.ts';
export { createRouter, type Router } from './router.ts';
export type { RecordForm, RouterSink } from './sink.ts';
