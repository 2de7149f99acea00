export { finishSync } from './finish.ts';
export { loadBatch } from './load-batch.ts';
export { type PreparedSync, type PrepareRequest, prepareSync } from './prepare.ts';
export { datasetTables, forgetSync, removeTables } from './remove.ts';
export type {
  BatchLoad,
  LoadedStream,
  PreparedStream,
  SegmentFile,
  StateText,
  StreamLoad,
} from './types.ts';
