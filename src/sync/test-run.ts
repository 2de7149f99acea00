/** Runs one sync of the meadow fixture in a process of its own, for tests that kill it: `test-run.ts FOLDER CONFIG`. */
import { openTestRoom } from './test-room.ts';

const [folder = '', config = '{}'] = process.argv.slice(2);
const room = await openTestRoom({ rows: 2_000, bytes: 1_000_000, ms: 200 }, folder);
const { syncId } = await room.syncs.start(await room.meadow(JSON.parse(config), ['users', 'orders', 'notes']));
process.stdout.write(`${syncId}\n`);
const status = await room.syncs.wait(syncId, 120_000, new AbortController().signal);
process.stdout.write(`${JSON.stringify(status)}\n`);
await room.close();
