/** A ledger as a saved source: saved, synced and compared, for tests that break something else on the way. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LedgerConfig, LedgerStream } from '../../../fixtures/connectors/source-ledger.mjs';
import type { TestServer } from '../harness/client.ts';
import { copyConnector } from '../harness/machine.ts';
import { LEDGER, type Workplace } from '../harness/workplace.ts';
import { duckdbCache } from './cache-view.ts';
import { type Comparison, compare } from './truth.ts';

export interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly errors: { readonly message: string; readonly failure_type?: string }[];
}

export interface LedgerSource {
  readonly name: string;
  readonly modes: Partial<Record<LedgerStream, string>>;
  save(server: TestServer, config: LedgerConfig): Promise<void>;
  /** Starts a sync and waits for its end, or not. */
  sync(server: TestServer, waitSeconds?: number, restart?: boolean): Promise<Sync>;
  /** Every row of the cache against the truth of this configuration. */
  compare(config: LedgerConfig, file?: string): Promise<Comparison>;
}

/** Two streams are enough where the cache is what is put to the test. */
const MODES: LedgerSource['modes'] = { entries: 'incremental_append', rates: 'full_refresh_overwrite' };

export async function placeLedger(workplace: Workplace, name = 'ledger', modes = MODES): Promise<LedgerSource> {
  const connector = await copyConnector(workplace, LEDGER);
  const options = Object.entries(modes).map(([stream, mode]) => ({ stream, mode }));
  return {
    name,
    modes,
    async save(server, config) {
      await server.call('save_source', { name, connector, runtime: 'executable', config });
    },
    async sync(server, waitSeconds = 40, restart = false) {
      const streams = Object.keys(modes);
      return server.call<Sync>('start_sync', { source: name, streams, options, restart, wait_seconds: waitSeconds });
    },
    async compare(config, file = cacheFile(workplace)) {
      const past = { epoch: config.epoch ?? 1, complete: 1, begun: 1 };
      return duckdbCache(file)((view) => compare(view, { source: name, modes, config: { epoch: 1, ...config } }, past));
    },
  };
}

export function cacheFile(workplace: Workplace): string {
  return join(workplace.project, 'cache', 'cache.duckdb');
}

/** Nothing is lost and nothing repeated, and the streams with state have come so far. */
export function expectComplete(compared: Comparison, entries: number): void {
  expect(compared.problems).toEqual([]);
  expect(compared.positions.entries).toBe(entries);
  expect(compared.rows).toBeGreaterThanOrEqual(entries);
}
