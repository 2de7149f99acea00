export { endangered, identified } from './endangered.ts';
export { finishSync } from './finish.ts';
export { loadBatch } from './load-batch.ts';
export { prepareSync } from './prepare.ts';
export type { PreparedSync, PrepareRequest } from './prepare-request.ts';
export { datasetTables, deleteSync, knownTables, removeTables } from './remove.ts';
export { LostRecords } from './segment-checks.ts';
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
