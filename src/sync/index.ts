export { configureStreams, type StreamOption } from './modes.ts';
export { previewStreams } from './preview.ts';
export { createSyncs } from './syncs.ts';
export type { SyncStatus, Syncs } from './types.ts';
