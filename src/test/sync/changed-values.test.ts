/** Values that did not fit: the answer of a sync explains how to find them, and its SQL works. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, makeConnectorWorkplace } from '../harness/machine.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

const CONNECTOR = `#!/usr/bin/env node
const say = (message) => console.log(JSON.stringify(message));
const stream = { name: 'Odd "names"', json_schema: { type: 'object', properties: { n: { type: 'integer' } } }, supported_sync_modes: ['full_refresh'] };
const verb = process.argv[2];
if (verb === 'spec') say({ type: 'SPEC', spec: { connectionSpecification: { type: 'object', properties: {} } } });
if (verb === 'check') say({ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } });
if (verb === 'discover') say({ type: 'CATALOG', catalog: { streams: [stream] } });
if (verb === 'read') {
  for (const n of [1, 12.5, 3]) say({ type: 'RECORD', record: { stream: stream.name, data: { n }, emitted_at: 1 } });
  say({ type: 'TRACE', trace: { type: 'STREAM_STATUS', emitted_at: 1, stream_status: { stream_descriptor: { name: stream.name }, status: 'COMPLETE' } } });
}
`;

let workplace: Workplace;
let server: TestServer;
beforeAll(async () => {
  workplace = await makeConnectorWorkplace();
  server = await startServer({ workplace });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

test('the SQL finds the changed row and no other', async () => {
  const connector = await copyConnector(workplace, MEADOW, 'source-odd.mjs');
  await writeFile(connector, CONNECTOR);
  await server.call('save_source', { name: 'odd', connector, runtime: 'executable', config: {} });
  const { text } = await server.call('start_sync', { source: 'odd', wait_seconds: 30 });
  const sql = /SELECT _airbyte_meta FROM .*(?=\.$)/m.exec(text)?.[0] ?? text;
  const { rows } = await server.call<{ rows: string[][] }>('query', { sql });
  expect(rows).toHaveLength(1);
  expect(rows[0]?.[0]).toContain('"n"');
});
