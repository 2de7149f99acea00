export { endangered, identified } from './endangered.ts';
export { finishSync } from './finish.ts';
export { LostRecords, loadBatch } from './load-batch.ts';
export { type PreparedSync, type PrepareRequest, prepareSync } from './prepare.ts';
export { datasetTables, forgetSync, knownTables, removeTables } from './remove.ts';
export type {
  BatchLoad,
  ChosenOption,
  Identified,
  LoadedStream,
  Origin,
  PreparedStream,
  SegmentFile,
  StateText,
  StreamLoad,
} from './types.ts';
