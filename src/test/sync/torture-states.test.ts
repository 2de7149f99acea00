/** Crashes of a connector at moments that random kills rarely hit; each was found by one. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LedgerConfig } from '../../../fixtures/connectors/source-ledger.mjs';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingRuns, makeConnectorWorkplace, runningConnectors, waitUntil } from '../harness/machine.ts';
import type { Workplace } from '../harness/workplace.ts';
import { type LedgerSource, placeLedger, type Sync } from '../torture/ledger.ts';

let workplace: Workplace;
let server: TestServer;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace();
  server = await startServer({ workplace });
});
afterEach(async () => {
  await server.close();
  await expectNothingRuns(workplace, 5_000);
  await workplace.remove();
});

const APPENDS: LedgerSource['modes'] = { entries: 'incremental_append', accounts: 'incremental_append' };
const WITH_REFRESH: LedgerSource['modes'] = { entries: 'incremental_append', archive: 'full_refresh_overwrite' };

/** Starts a sync whose connector waits after so many records, and kills it there; what was confirmed is loaded when this returns. */
async function breakOff(ledger: LedgerSource, config: LedgerConfig, records: number, restart = false): Promise<void> {
  await ledger.save(server, { ...config, state_every: 100, block: records, pause_ms: 30_000 });
  const { sync_id: id } = await ledger.sync(server, 0, restart);
  const look = (): Promise<Sync & { records: number }> => server.call('get_sync', { sync_id: id });
  await waitUntil(async () => (await look()).records === records);
  for (const line of await runningConnectors(workplace)) process.kill(Number.parseInt(line, 10), 'SIGKILL');
  await waitUntil(async () => (await look()).state !== 'running');
  await ledger.save(server, config);
}

test.each(['GLOBAL', 'LEGACY'] as const)(
  'a restart with a %s state breaks off between two streams: the tables and the state agree',
  async (kind) => {
    const ledger = await placeLedger(workplace, 'ledger', APPENDS);
    const config: LedgerConfig = { count: 1_000, state_kind: kind };
    await ledger.save(server, config);
    expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });

    const grown: LedgerConfig = { ...config, count: 2_000 };
    await breakOff(ledger, grown, 3_000, true);
    expect((await ledger.compare(grown)).problems).toEqual([]);
    expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });
    const compared = await ledger.compare(grown);
    expect(compared.problems).toEqual([]);
    expect(compared.positions).toEqual({ entries: 2_000, accounts: 2_000 });
  },
);

test.each([
  ['STREAM', 211],
  // A state for all streams cannot hold one for the refresh, so it starts over.
  ['GLOBAL', 411],
] as const)(
  'a refresh with a %s state breaks off: all streams end complete, %i of its records are re-read',
  async (kind, again) => {
    const ledger = await placeLedger(workplace, 'ledger', WITH_REFRESH);
    const config: LedgerConfig = { count: 1_000, state_kind: kind };
    await breakOff(ledger, config, 1_200);
    const grown: LedgerConfig = { ...config, count: 1_500 };
    await ledger.save(server, grown);
    const sync = await ledger.sync(server);
    expect(sync).toMatchObject({ state: 'complete', errors: [], records: 500 + again });
    const compared = await ledger.compare(grown);
    expect(compared.problems).toEqual([]);
    expect(compared.positions).toEqual({ entries: 1_500 });
  },
);
