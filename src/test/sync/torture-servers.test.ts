/** Two servers on one project, two sources, two concurrent syncs, and queries throughout: every answer is correct or an error. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LedgerConfig } from '../../../fixtures/connectors/source-ledger.mjs';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingLeft, makeConnectorWorkplace, waitUntil } from '../harness/machine.ts';
import type { Workplace } from '../harness/workplace.ts';
import { expectComplete, type LedgerSource, placeLedger, type Sync } from '../torture/ledger.ts';

let workplace: Workplace;
let servers: [TestServer, TestServer];
let sources: [LedgerSource, LedgerSource];
beforeEach(async () => {
  workplace = await makeConnectorWorkplace();
  sources = [await placeLedger(workplace, 'north'), await placeLedger(workplace, 'south')];
  servers = await Promise.all([startServer({ workplace }), startServer({ workplace })]);
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await expectNothingLeft(workplace);
  await workplace.remove();
});

const FIRST: LedgerConfig = { count: 2_000, epoch: 1, size: 500 };
/** Many batches, so that each of the two meets the other's at the one file. */
const SECOND: LedgerConfig = { count: 40_000, epoch: 2, size: 500, state_every: 200, block: 500, pause_ms: 40 };

/** No call of an assistant may take longer; the rest of the minute is the client's. */
const MAX_MS = 45_000;

test('two syncs into two datasets at once, and queries from both servers: nothing is corrupt, and no call hangs', async () => {
  for (const [index, source] of sources.entries()) {
    await source.save(servers[index as 0 | 1], { ...FIRST, seed: index });
    expect(await source.sync(servers[index as 0 | 1])).toMatchObject({ state: 'complete' });
    await source.save(servers[index as 0 | 1], { ...SECOND, seed: index });
  }
  const started = await Promise.all(sources.map((source, index) => source.sync(servers[index as 0 | 1], 0)));
  const isRunning = async (): Promise<boolean> => {
    const syncs = started.map(({ sync_id: id }) => servers[0].call<Sync>('get_sync', { sync_id: id }));
    return (await Promise.all(syncs)).some(({ state }) => state === 'running');
  };
  const answers = (
    await Promise.all(servers.map((server) => askUntil(server, async () => !(await isRunning()))))
  ).flat();
  for (const { sync_id: id } of started) {
    expect(await servers[1].call('get_sync', { sync_id: id })).toMatchObject({ state: 'complete', errors: [] });
  }
  expect(answers.filter((answer) => answer === 'complete').length).toBeGreaterThan(10);
  // A call that could not get the lock reports its owner.
  expect(answers.filter((answer) => answer !== 'complete' && answer !== 'cache_locked')).toEqual([]);

  await Promise.all(servers.map((server) => server.close()));
  for (const [index, source] of sources.entries()) {
    expectComplete(await source.compare({ ...SECOND, seed: index }), 40_000);
  }
});

test('one server syncs while the other dies at the same file: the survivor completes', async () => {
  for (const [index, source] of sources.entries()) {
    await source.save(servers[index as 0 | 1], { ...SECOND, count: 12_000, seed: index });
  }
  const [left, right] = await Promise.all(sources.map((source, index) => source.sync(servers[index as 0 | 1], 0)));
  await waitUntil(
    async () => (await servers[0].call<{ records: number }>('get_sync', { sync_id: right?.sync_id })).records > 3_000,
  );
  process.kill(servers[1].pid, 'SIGKILL');
  const ended = await servers[0].call<Sync>('get_sync', { sync_id: left?.sync_id, wait_seconds: 40 });
  expect(ended).toMatchObject({ state: 'complete', errors: [] });
  expect(await servers[0].call('get_sync', { sync_id: right?.sync_id })).toMatchObject({ state: 'interrupted' });
  // The survivor resumes the other's work.
  expect(await sources[1].sync(servers[0])).toMatchObject({ state: 'complete' });
  await Promise.all(servers.map((server) => server.close()));
  for (const [index, source] of sources.entries()) {
    expectComplete(await source.compare({ ...SECOND, count: 12_000, seed: index }), 12_000);
  }
});

/** Asks for both datasets again and again. @returns `complete` for each correct answer, else the code of the error */
async function askUntil(server: TestServer, over: () => Promise<boolean>): Promise<string[]> {
  const answers: string[] = [];
  while (!(await over())) {
    for (const { name } of sources) {
      const sql = `SELECT count(*), count(DISTINCT id), max(id),
        (SELECT count(*) FROM ${name}.rates), (SELECT count(DISTINCT epoch) FROM ${name}.rates) FROM ${name}.entries`;
      const { structuredContent } = await server.client.callTool(
        { name: 'query', arguments: { sql } },
        { timeout: MAX_MS },
      );
      const { rows, error } = structuredContent as { rows?: number[][]; error?: { code: string } };
      const [count, distinct, greatest, rates, epochs] = rows?.[0] ?? [];
      // Entries grow from the front, and rates are one epoch or the other: 507 rows or 514.
      const isTrue =
        rows && count === distinct && count === greatest && epochs === 1 && [507, 514].includes(rates ?? 0);
      answers.push(isTrue ? 'complete' : (error?.code ?? JSON.stringify(rows)));
    }
  }
  return answers;
}
