export { finishSync } from './finish.ts';
export { loadBatch } from './load-batch.ts';
export { type PreparedSync, type PrepareRequest, prepareSync } from './prepare.ts';
export type {
  BatchLoad,
  Fill,
  LoadedStream,
  PreparedStream,
  SegmentFile,
  StateText,
  StreamLoad,
  StreamRequest,
  StreamTable,
} from './types.ts';
