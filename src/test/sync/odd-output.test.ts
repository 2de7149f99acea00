/** Output of connectors that is not one protocol message per line: nothing is lost silently, and no state passes a loss. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { makeConnectorWorkplace } from '../harness/machine.ts';
import { play, recordOf, rowsOf, SCRIPT, stateOf } from '../harness/script.ts';
import type { Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
beforeAll(async () => {
  const made = await makeConnectorWorkplace();
  const folders = `${made.environment.SLUICE_ALLOW_EXECUTABLES}:${join(SCRIPT, '..')}`;
  workplace = { ...made, environment: { ...made.environment, SLUICE_ALLOW_EXECUTABLES: folders } };
  server = await startServer({ workplace });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const PROPERTIES = { id: { type: 'integer' }, note: { type: 'string' } };
const USERS = { name: 'users', properties: PROPERTIES };
const MERGED = { ...USERS, cursor: 'id', key: ['id'] };
const ADDED = { ...USERS, cursor: 'id' };
const user = (id: number, note = 'n'): string => recordOf('users', { id, note });
const ids = (source: string): Promise<unknown[][]> => rowsOf(server, `SELECT id FROM ${source}.users ORDER BY id`);

describe('records that are not alone on their line', () => {
  test('are read: after words, progress bars and byte order marks, without line breaks, before text', async () => {
    const output = [
      `INFO: ${user(1)}`,
      `  5%|#    |\r 99%|#### |\r${user(2)}`,
      `\ufeff${user(3)}`,
      `${user(4)}${user(5)}`,
      `${user(6)}\r${user(7)}`,
      `${user(8)} done.`,
      user(9, 'tab').replace('tab', 'a\tb'),
      user(10, 'break').replace('break', 'a\nb'),
      `${user(11)}${stateOf('users', { id: 11 })}`,
    ].join('\n');
    const played = await play(server, 'beside', [MERGED], `${output}\n`);
    expect(played).toMatchObject({ state: 'complete', streams: [{ state: 'complete', records: 11, rows: 11 }] });
    expect(played.warnings).toEqual([]);
    expect(await rowsOf(server, 'SELECT note FROM beside.users WHERE id IN (9, 10) ORDER BY id')).toEqual([
      ['a\tb'],
      ['a\nb'],
    ]);
    const next = await play(server, 'beside', [MERGED], '');
    expect(next.log.join('\n')).toContain('"id":11');
  });

  test('a connector whose output begins with a byte order mark answers', async () => {
    const connector = join(workplace.directory, 'connectors', 'source-bom.mjs');
    await copyFile(SCRIPT, connector);
    const catalog = JSON.stringify([{ name: 'users', json_schema: {}, supported_sync_modes: ['full_refresh'] }]);
    const saved = { name: 'bom', connector, runtime: 'executable', config: { catalog, before: '\ufeff' } };
    await server.call('save_source', saved);
    expect(await server.call('list_streams', { source: 'bom' })).toMatchObject({ total: 1 });
    expect(await server.call('validate_config', { ...saved, name: undefined })).toMatchObject({ valid: true });
  });
});

describe('a record that is lost', () => {
  const cut = user(2).slice(0, -30);

  test.each([
    ['merged by its key', MERGED, 'merged', [[1], [3]]],
    ['in a table that is new', USERS, 'new_table', [[1], [3]]],
    // What comes after the loss comes again, and would be there twice.
    ['only added', ADDED, 'added', [[1]]],
  ])(
    'makes a stream incomplete that is %s, and its state does not move past it',
    async (_how, stream, name, committed) => {
      const [first, last] = [stateOf('users', { id: 1 }), stateOf('users', { id: 3 })];
      const broken = `${[user(1), first, cut, user(3), last].join('\n')}\n`;
      const played = await play(server, name, [stream], broken);
      expect(played).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', lost: 1 }] });
      expect(played.warnings.join('\n')).toContain('"users": 1 record could not be read');
      expect(await ids(name)).toEqual(committed);
      const again = await play(server, name, [stream], `${[user(2), user(3), last].join('\n')}\n`);
      expect(again).toMatchObject({ state: 'complete', warnings: [] });
      if (stream !== USERS) expect(again.log.join('\n')).toMatch(/state: .*"id":1\}/);
      expect(await ids(name)).toEqual(stream === USERS ? [[2], [3]] : [[1], [2], [3]]);
    },
  );

  test('leaves the rows of a table that is re-read', async () => {
    await play(server, 'stays', [USERS], `${user(1)}\n${user(2)}\n${user(3)}\n`);
    const played = await play(server, 'stays', [USERS], `${user(7)}\n${cut}\n`);
    expect(played).toMatchObject({ state: 'incomplete', streams: [{ lost: 1, rows: 0 }] });
    expect(played.warnings.join('\n')).toContain('the table stays as it was');
    expect(await ids('stays')).toEqual([[1], [2], [3]]);
  });

  test('is found during the load if its line looks complete, before its state is committed', async () => {
    const odd = user(2).replace('"n"', '"n\\q"');
    const output = `${[user(1), odd, user(3), stateOf('users', { id: 3 })].join('\n')}\n`;
    const played = await play(server, 'late', [MERGED], output);
    expect(played).toMatchObject({ state: 'incomplete', streams: [{ lost: 1, rows: 2, committed_state: false }] });
    const next = await play(server, 'late', [MERGED], '');
    expect(next.log.join('\n')).toContain('state: none');
  });

  test('without a word of its stream is counted for all, and a count of the source that differs is a loss too', async () => {
    const other = { ...MERGED, name: 'orders' };
    const output = `{"type":"RECORD","rec\n${user(1)}\n${stateOf('users', { id: 1 })}\n`;
    const played = await play(server, 'unknown', [MERGED, other], output);
    expect(played.streams).toMatchObject([
      { state: 'incomplete', lost: 1 },
      { state: 'incomplete', lost: 1 },
    ]);
    const short = await play(server, 'short', [MERGED], `${user(1)}\n${user(2)}\n${stateOf('users', { id: 2 }, 3)}\n`);
    expect(short).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', committed_state: false }] });
    expect(short.warnings.join('\n')).toContain('1 record that the source reported did not arrive');
  });
});

test('records of another namespace do not enter a stream', async () => {
  const audit = { ...USERS, namespace: 'audit' };
  const output = [recordOf('users', { id: 1 }, 'audit'), recordOf('users', { id: 2 }, 'public'), user(3)].join('\n');
  const played = await play(server, 'spaces', [audit], `${output}\n`);
  expect(await ids('spaces')).toEqual([[1], [3]]);
  expect(played.warnings.join('\n')).toContain('"users"');
});
