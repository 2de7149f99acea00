/** What a source sends and what a column's type would make of it: keys, cursors, deletions, references, dates, numbers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, makeConnectorWorkplace } from '../harness/machine.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

/** A source that writes the lines of the file `lines`, and offers streams with the schemas of `schemas`. */
const CONNECTOR = `#!/usr/bin/env node
import { readFileSync } from 'node:fs';
const say = (message) => console.log(JSON.stringify(message));
const [verb, ...args] = process.argv.slice(2);
const config = () => JSON.parse(readFileSync(args[args.indexOf('--config') + 1], 'utf8'));
if (verb === 'spec') say({ type: 'SPEC', spec: { connectionSpecification: { type: 'object', properties: { file: { type: 'string' }, account: {} } } } });
if (verb === 'check') say({ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED', message: 'ok' } });
if (verb === 'discover') {
  const { streams } = JSON.parse(readFileSync(config().file, 'utf8'));
  say({ type: 'CATALOG', catalog: { streams: streams.map(({ records, ...stream }) => ({ supported_sync_modes: ['full_refresh', 'incremental'], ...stream })) } });
}
if (verb === 'read') {
  const { streams } = JSON.parse(readFileSync(config().file, 'utf8'));
  for (const { name, records } of streams) {
    for (const data of records.map((record) => record.replace('ACCOUNT', JSON.stringify(config().account)))) console.log('{"type":"RECORD","record":{"stream":' + JSON.stringify(name) + ',"data":' + data + ',"emitted_at":1700000000000}}');
    say({ type: 'STATE', state: { type: 'STREAM', stream: { stream_descriptor: { name }, stream_state: { at: 1 } } } });
    say({ type: 'TRACE', trace: { type: 'STREAM_STATUS', emitted_at: 1, stream_status: { stream_descriptor: { name }, status: 'COMPLETE' } } });
  }
}
`;

let workplace: Workplace;
let server: TestServer;
let connector: string;
beforeAll(async () => {
  workplace = await makeConnectorWorkplace();
  server = await startServer({ workplace });
  connector = await copyConnector(workplace, MEADOW, 'source-exact.mjs');
  await writeFile(connector, CONNECTOR);
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const file = (name: string): string => join(workplace.open, `${name}.json`);
const query = async (sql: string): Promise<unknown[][]> =>
  (await server.call<{ rows: unknown[][] }>('query', { sql })).rows;
const keyed = { source_defined_primary_key: [['id']], default_cursor_field: ['at'] };

test('two syncs keep keys, cursors and deletions exact', async () => {
  const numbers = Array.from({ length: 1000 }, (_value, index) => `${1_234_567_890_123_456_000n + BigInt(index)}`);
  const properties = (id: object, at: object): object => ({
    id,
    at,
    v: { type: 'string' },
    _ab_cdc_deleted_at: { type: 'string' },
  });
  const schema = (id: object, at: object): object => ({
    json_schema: { type: 'object', properties: properties(id, at) },
    ...keyed,
  });
  const text = { type: 'string' };
  const write = (records: Record<string, string[]>): Promise<void> =>
    writeFile(
      file('exact'),
      JSON.stringify({
        streams: [
          { name: 'numbers', ...schema({ type: 'number' }, text), records: records.numbers },
          { name: 'parts', ...schema({ type: 'integer' }, text), records: records.parts },
          { name: 'times', ...schema({ type: 'integer' }, text), records: records.times },
          { name: 'deleted', ...schema({ type: 'integer' }, { type: 'integer' }), records: records.deleted },
        ],
      }),
    );
  const parts = ['"N/A"', '"TBD"', '7'].map((id) => `{"id":${id},"at":"1","v":"a"}`);
  await write({
    numbers: numbers.map((id) => `{"id":${id},"at":"9","v":"a"}`),
    parts,
    times: [
      '{"id":1,"at":"9","v":"old"}',
      '{"id":2,"at":"2024-01-01T09:00+07:00","v":"old"}',
      '{"id":3,"at":"12/31/2023","v":"old"}',
      '{"id":4,"at":"10","v":"newer"}',
    ],
    deleted: ['{"id":1,"at":5,"v":"a"}', '{"id":2,"at":5,"v":"a"}'],
  });
  await server.call('save_source', {
    name: 'exact',
    connector,
    runtime: 'executable',
    config: { file: file('exact') },
  });
  const first = await server.call('start_sync', { source: 'exact', wait_seconds: 40 });
  expect(first.text).toContain('became HUGEINT');
  await write({
    numbers: numbers.map((id) => `{"id":${id},"at":"10","v":"b"}`),
    parts,
    times: [
      '{"id":1,"at":"10","v":"new"}',
      '{"id":2,"at":"2024-01-01T03:00+00:00","v":"new"}',
      '{"id":3,"at":"01/02/2024","v":"new"}',
      '{"id":4,"at":"9","v":"older"}',
    ],
    deleted: ['{"id":1,"_ab_cdc_deleted_at":"2024-01-01T00:00:00Z"}'],
  });
  await server.call('start_sync', { source: 'exact', wait_seconds: 40 });
  expect(
    await query('SELECT count(*), count(DISTINCT id), min(v), max(CAST(id AS VARCHAR)) FROM exact.numbers'),
  ).toEqual([[1000, 1000, 'b', numbers.at(-1)]]);
  expect(await query('SELECT id FROM exact.parts ORDER BY id')).toEqual([['7'], ['N/A'], ['TBD']]);
  expect(await query('SELECT v FROM exact.times ORDER BY id')).toEqual([['new'], ['new'], ['new'], ['newer']]);
  expect(await query('SELECT id FROM exact.deleted')).toEqual([[2]]);
});

test('references, dates and decimals get their declared types and exact values', async () => {
  const json_schema = {
    type: 'object',
    definitions: {
      Number: { type: 'string' },
      Tree: { type: 'object', properties: { up: { $ref: '#/definitions/Tree' } } },
    },
    properties: {
      code: { $ref: '#/definitions/Number' },
      tree: { $ref: '#/definitions/Tree' },
      either: { type: ['string', 'integer'] },
      status: { enum: ['open', 'closed'] },
      at: { type: 'string', format: 'date-time' },
      day: { type: 'string', format: 'date' },
      time: { type: 'string', format: 'time' },
      exact: { type: 'string' },
    },
  };
  const records = [
    {
      code: '007',
      tree: { up: {} },
      either: 'x',
      status: 'open',
      at: '2024-01-15 10:00:00 PST',
      day: '999999-12-31',
      time: '10:30:00 PM',
    },
    { code: '8', either: 5, status: 'closed', at: '2024-01-15 10:00:00', day: '0044-03-15 BC', time: '10:30Z' },
    { at: '2024-01-15t10:00:00z', day: 'infinity' },
  ].map((data) => JSON.stringify(data));
  await writeFile(
    file('odd'),
    JSON.stringify({
      streams: [
        { name: 'odd', json_schema, records: [...records, '{"exact":1234567890123456.789012,"n\u00famero":1}'] },
      ],
    }),
  );
  await server.call('save_source', { name: 'odd', connector, runtime: 'executable', config: { file: file('odd') } });
  const { text } = await server.call('start_sync', { source: 'odd', wait_seconds: 40 });
  expect(text).toContain('complete');
  expect(
    await query('SELECT code, tree, either, "at", day, time FROM odd.odd ORDER BY code NULLS LAST, "at" NULLS LAST'),
  ).toEqual([
    ['007', '{"up":{}}', 'x', '2024-01-15T18:00:00Z', '999999-12-31', '22:30:00'],
    ['8', null, '5', '2024-01-15T10:00:00Z', '0044-03-15 (BC)', '10:30:00'],
    [null, null, null, '2024-01-15T10:00:00Z', 'infinity', null],
    [null, null, null, null, null, null],
  ]);
  expect(await query("SELECT count(*) FROM odd.odd WHERE status = 'open'")).toEqual([[1]]);
  expect(await query('SELECT exact FROM odd.odd WHERE exact IS NOT NULL')).toEqual([['1234567890123456.789012']]);
});

test('an integer beyond 2^53 in a configuration is refused, or reaches the connector with its digits', async () => {
  const account = '1234567890123456789';
  const refused = await server.fail('save_source', {
    name: 'big',
    connector,
    runtime: 'executable',
    config: { file: file('big'), account: Number(account) },
  });
  expect(JSON.stringify(refused)).toContain('account');
  await writeFile(
    file('big'),
    JSON.stringify({ streams: [{ name: 'one', json_schema: { type: 'object' }, records: ['{"account":ACCOUNT}'] }] }),
  );
  await writeFile(join(workplace.project, 'config.yaml'), `file: ${file('big')}\naccount: ${account}\n`);
  await server.call('save_source', {
    name: 'big',
    connector,
    runtime: 'executable',
    config_file: join(workplace.project, 'config.yaml'),
  });
  await server.call('start_sync', { source: 'big', wait_seconds: 40 });
  expect(await query("SELECT data->>'account' FROM big.one")).toEqual([[account]]);
});
