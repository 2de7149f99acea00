/** Runs one sync of the meadow fixture in a process of its own, for tests that kill it: `run.fixture.ts FOLDER CONFIG`. */
import { openTestContext } from './sync-context.fixture.ts';

const [folder = '', config = '{}'] = process.argv.slice(2);
const context = await openTestContext({ rows: 2_000, bytes: 1_000_000, ms: 200 }, folder);
const { syncId } = await context.syncs.start(await context.meadow(JSON.parse(config), ['users', 'orders', 'notes']));
process.stdout.write(`${syncId}\n`);
const status = await context.syncs.wait(syncId, 120_000, new AbortController().signal);
process.stdout.write(`${JSON.stringify(status)}\n`);
await context.close();
