export { configureForDestination } from './deliver/modes.ts';
export { configureStreams, type StreamOption } from './modes.ts';
export { previewStreams } from './preview.ts';
export { type ScenarioReport, type SmokeReport, smokeTest } from './smoke/smoke.ts';
export { createSyncs } from './syncs.ts';
export type { DeliveryTarget, SyncStatus, Syncs } from './types.ts';
