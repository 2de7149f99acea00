export { configureStreams, defaultMode, type StreamOption } from './modes.ts';
export { type Preview, type PreviewRequest, previewStreams } from './preview.ts';
export { createSyncs, type SyncsOptions } from './syncs.ts';
export type {
  OnProgress,
  StreamState,
  StreamSummary,
  SyncFailure,
  SyncRequest,
  SyncState,
  SyncStatus,
  Syncs,
} from './types.ts';
