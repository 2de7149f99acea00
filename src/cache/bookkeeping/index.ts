export { deleteDataset, findDataset, readDataset, saveDataset } from './datasets.ts';
export { BOOKKEEPING, ensureBookkeeping, hasBookkeeping } from './schema.ts';
export { deleteStates, readStates, saveStates } from './states.ts';
export { type KnownStream, readStreams, saveStream, touchStream } from './streams.ts';
export { beginSync, endSync, noteTables, type SyncRow, tablesOfSharedState } from './syncs.ts';
