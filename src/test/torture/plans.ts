/** The lanes: each another kind of state, pace and order. */
import type { LedgerConfig, LedgerStream } from '../../../fixtures/connectors/source-ledger.mjs';
import type { LanePlan } from './lane.ts';

const MODES: Partial<Record<LedgerStream, string>> = {
  rates: 'full_refresh_overwrite',
  entries: 'incremental_append',
  accounts: 'incremental_deduped_history',
  notices: 'full_refresh_append',
  archive: 'full_refresh_overwrite',
};

/** How often a lane with states of all streams is restarted; breaking off there is what once repeated rows. */
const RESTARTS_WIDE = 0.2;

/** Slow enough that batches are cut by time, in the middle of streams. */
const SLOW = {
  config: { count: 3_000, state_every: 50, block: 25, pause_ms: 40 },
  growth: 3_000,
  lengthMs: 13_000,
  share: 2,
} as const;
/** One batch at the end: commits and swaps are what a kill meets. */
const QUICK = {
  config: { count: 4_000, size: 2_000, state_every: 300, block: 500, pause_ms: 20 },
  growth: 1_000,
  lengthMs: 1_500,
  share: 4,
} as const;

/** So many rows that a load takes seconds, and so few states that rows wait for them in the cache. */
const BULK: Omit<LanePlan, 'seed'> = {
  name: 'bulk, STREAM',
  modes: { entries: 'incremental_append' },
  config: { count: 1_300_000, state_every: 1_200_000, block: 10_000_000 },
  growth: 100_000,
  lengthMs: 12_000,
  share: 1,
  restarts: 0.5,
};

/**
 * @param bulk whether one lane more takes its time and memory
 * @returns four lanes, whose kills the seed decides
 */
export function makePlans(seed: number, bulk = false): LanePlan[] {
  const lane = (
    name: string,
    pace: typeof SLOW | typeof QUICK,
    config: LedgerConfig,
    restarts: number,
  ): Omit<LanePlan, 'seed'> => ({ name, modes: MODES, ...pace, config: { ...pace.config, ...config }, restarts });
  return [
    lane('slow, STREAM', SLOW, { interleave: true }, 0.1),
    lane('slow, GLOBAL', SLOW, { state_kind: 'GLOBAL' }, RESTARTS_WIDE),
    lane('quick, LEGACY', QUICK, { state_kind: 'LEGACY' }, RESTARTS_WIDE),
    lane('quick, GLOBAL', QUICK, { state_kind: 'GLOBAL', interleave: true }, RESTARTS_WIDE),
    ...(bulk ? [BULK] : []),
  ].map((plan, index) => ({ ...plan, seed: seed * 10 + index }));
}
