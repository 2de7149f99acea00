/** The fault harness in short: kills of the server, the connector and both; then every row is held against the truth. */
import { expect, test } from 'vitest';
import { makePlans } from '../torture/plans.ts';
import { torture } from '../torture/torture.ts';

test('no kill loses a row, and none repeats one', async () => {
  const outcome = await torture({ plans: makePlans(7), kills: 10 });
  expect(outcome.problems).toEqual([]);
  expect(outcome).toMatchObject({ lost: 0, repeated: 0 });
  expect(outcome.kills.length).toBeGreaterThanOrEqual(10);
  expect(outcome.rows).toBeGreaterThan(20_000);
}, 120_000);
