/** `npm run bench:start`: how long the server needs to answer `initialize`, as a ratio to a bare Node, and its memory. */
import { measureStartUp } from './bench/measure/start-up.ts';
import { START_UP } from './bench/report/targets.ts';

const RUNS = 10;
const MAX_MEGABYTES = 100;

const { bareMs, initializedMs, megabytes } = await measureStartUp(RUNS);
const lines = [
  `initialize answered after   ${initializedMs.toFixed(0)} ms (median of ${RUNS})`,
  `node -e 0                   ${bareMs.toFixed(0)} ms`,
  `ratio                       ${(initializedMs / bareMs).toFixed(2)} (aim: at most ${START_UP.aim})`,
  `resident memory             ${megabytes.toFixed(0)} MB after tools/list, get_status and list_connectors (aim: at most ${MAX_MEGABYTES})`,
];
process.stdout.write(`${lines.join('\n')}\n`);
