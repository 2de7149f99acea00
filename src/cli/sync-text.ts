/** A sync in a few words for a terminal. */
import { count } from '../count.ts';
import type { SyncStatus } from '../sync/index.ts';

const BAR_WIDTH = 10;

/** How long it took, or takes: `41 s`, `3 min 5 s`, `2 h 4 min`. */
export function durationText({ started_at: from, ended_at: to }: SyncStatus): string {
  const seconds = ((to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  const minutes = Math.floor(rounded / 60);
  return minutes < 60 ? `${minutes} min ${rounded % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What is committed: rows of the cache, or records that a destination has confirmed. */
export function rowsOf({ streams }: SyncStatus): number {
  return streams.reduce((sum, { rows, confirmed }) => sum + (rows ?? confirmed ?? 0), 0);
}

/** How much a source holds is known only at its end: the bar counts streams. */
export function progressText(status: SyncStatus): string {
  const { streams, records, records_per_second: rate } = status;
  const settled = streams.filter(({ state }) => state === 'complete' || state === 'failed').length;
  const filled = Math.round((settled / Math.max(1, streams.length)) * BAR_WIDTH);
  const bar = '█'.repeat(filled).padEnd(BAR_WIDTH, '░');
  const active = streams.filter(({ state }) => state === 'running').map(({ stream }) => stream);
  const parts = [
    `${settled}/${streams.length} streams`,
    count(records, 'record'),
    `${rate.toLocaleString('en-US')}/s`,
    durationText(status),
    ...(active.length > 0 ? [active.slice(0, 3).join(', ')] : []),
  ];
  return `${bar} ${parts.join(' · ')}`;
}
