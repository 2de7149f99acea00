/** Paths of this machine in a configuration, with a sandbox and without: what is refused before anything runs, and what works. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer, type ToolError } from '../harness/client.ts';
import { saveLocal } from '../harness/local-source.ts';
import { namesIn } from '../harness/machine.ts';
import { FIXTURE_CONNECTORS, MEADOW, makeWorkplace, SHELF, type Workplace } from '../harness/workplace.ts';

const ONE_FILE = join(FIXTURE_CONNECTORS, 'source-onefile.mjs');
const SECRET = 'a-key-that-nobody-may-read-1f2e';

let workplace: Workplace;
let server: TestServer;
beforeEach(async () => {
  workplace = await makeWorkplace(`SHOP_KEY='${SECRET}'\nMEADOW_API_KEY='a-key-of-the-meadow-77'\n`, '/var/tmp');
  await writeFile(
    workplace.envFile,
    `${await readFile(workplace.envFile, 'utf8')}FILE_PATH='${workplace.envFile}'\nSLUICE_PLAIN=FILE_PATH\n`,
  );
});
afterEach(async () => {
  await server?.close();
  await workplace.remove();
});

/** One that cannot make a sandbox, before the machine's own. */
async function withoutSandbox(setting: string): Promise<Record<string, string>> {
  const folder = join(workplace.directory, 'bin');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'bwrap'),
    '#!/bin/sh\necho "bwrap: No permissions to create a new namespace" >&2\nexit 1\n',
    {
      mode: 0o755,
    },
  );
  return { SLUICE_SANDBOX: setting, PATH: `${folder}:${process.env.PATH ?? ''}` };
}

const subject = (url: string, more: object = {}): Record<string, unknown> => ({
  connector: ONE_FILE,
  runtime: 'executable',
  config: { dataset_name: 'lines', format: 'csv', url, provider: { storage: 'local' }, ...more },
});

/** Nothing was run: there is no folder for runs yet. */
async function expectNothingRan(): Promise<void> {
  expect(await namesIn(workplace.project)).not.toContain('runs');
}

const refusal = ({ code, kind, message, next, problems }: ToolError): object => ({
  code,
  kind,
  message,
  next,
  problems,
});

describe.each(['auto', 'off'])('with SLUICE_SANDBOX=%s', (setting) => {
  beforeEach(async () => {
    server = await startServer({ workplace, environment: { SLUICE_SANDBOX: setting, SLUICE_SAFE_MODE: '0' } });
  });

  test('the env file and the project are refused before anything runs, in the same words whether or not they are there', async () => {
    const { envFile, project } = workplace;
    const urls = [
      envFile,
      `file://${envFile}`,
      encodeURIComponent(envFile),
      join(project, 'cache', 'cache.duckdb'),
      join(project, 'no', 'such', 'file'),
      '../../../../test.env',
      `${project}/../test.env`,
    ];
    const seen: object[] = [];
    for (const url of urls) {
      seen.push(refusal(await server.fail('validate_config', subject(url))));
      seen.push(refusal(await server.fail('save_source', { name: 'lines', ...subject(url) })));
    }
    const [first = {}] = seen;
    expect(first).toMatchObject({ code: 'local_path', kind: 'input', problems: [{ path: 'url' }] });
    for (const other of seen) expect(other).toEqual(first);
    const nested = await server.fail(
      'validate_config',
      subject('https://example.org/a.csv', { reader_options: JSON.stringify({ files: [envFile] }) }),
    );
    expect(nested.problems.map(({ path }) => path)).toEqual(['reader_options']);
    await expectNothingRan();
  });

  test('one that was saved before is refused by every tool that would run it', async () => {
    const { config } = subject(workplace.envFile) as { config: never };
    const executable = { version: 'local', runtime: 'executable' } as const;
    await saveLocal(workplace, 'source', { name: 'lines', connector: ONE_FILE, ...executable, config });
    const shelf = { name: 'shelf', connector: SHELF, ...executable };
    await saveLocal(workplace, 'destination', { ...shelf, config: { destination_path: workplace.project } });
    const calls: [string, object][] = [
      ['list_streams', { source: 'lines' }],
      ['preview_stream', { source: 'lines', streams: ['lines'] }],
      ['start_sync', { source: 'lines' }],
      ['smoke_test_destination', { destination: 'shelf' }],
    ];
    for (const [tool, args] of calls)
      expect(await server.fail(tool, { ...args }), tool).toMatchObject({ code: 'local_path' });
    await expectNothingRan();
    const meadow = {
      connector: MEADOW,
      runtime: 'executable',
      config: { api_key: 'secret_reference::MEADOW_API_KEY' },
    };
    await server.call('save_source', { name: 'meadow', ...meadow });
    expect(await server.fail('start_sync', { source: 'meadow', destination: 'shelf' })).toMatchObject({
      code: 'local_path',
    });
  });

  test('a file in a folder that is open is loaded', async () => {
    const path = join(workplace.open, 'my lines.csv');
    await writeFile(path, 'one\ntwo\n');
    for (const url of [path, `file://${encodeURI(path)}`]) {
      await server.call('save_source', { name: 'lines', ...subject(url) });
      expect(await server.call('start_sync', { source: 'lines', wait_seconds: 30 })).toMatchObject({
        state: 'complete',
      });
      const { rows } = await server.call<{ rows: unknown[] }>('query', {
        sql: 'SELECT line FROM lines.lines ORDER BY 1',
      });
      expect(rows).toEqual([['one'], ['two']]);
    }
  });
});

describe('without a sandbox', () => {
  test.each(['auto', 'off'])(
    'and with SLUICE_SANDBOX=%s, any path that is not open is refused before anything runs',
    async (setting) => {
      const environment = setting === 'auto' ? await withoutSandbox(setting) : { SLUICE_SANDBOX: setting };
      server = await startServer({ workplace, environment });
      const outside = join(workplace.directory, 'diary.txt');
      await writeFile(outside, 'dear diary');
      const urls = [
        outside,
        '/etc/hostname',
        '/no/such/file',
        '~/diary.txt',
        'file:///etc/hostname',
        '..%2f..%2fdiary.txt',
      ];
      const seen: object[] = [];
      for (const url of urls) {
        const error = await server.fail('validate_config', subject(url));
        seen.push(
          error.problems.map(({ message, path }) => ({
            message: error.code === 'local_path' && message.slice(0, 9),
            path,
          })),
        );
      }
      for (const one of seen) expect(one).toEqual([{ message: 'It names ', path: 'url' }]);
      await expectNothingRan();
      expect(await server.call('get_status')).toMatchObject({ sandbox: { setting, kind: 'none' } });
    },
  );

  test('SLUICE_SANDBOX=require runs no connector, and names the reason', async () => {
    server = await startServer({ workplace, environment: await withoutSandbox('require') });
    const error = await server.fail('validate_config', subject('https://example.org/a.csv'));
    expect(error).toMatchObject({ code: 'sandbox_missing', kind: 'setup' });
    expect(error.message).toContain('No permissions to create a new namespace');
    await expectNothingRan();
    const { sandbox, text } = await server.call<{ sandbox: object }>('get_status');
    expect(sandbox).toMatchObject({ setting: 'require', kind: 'none', reason: expect.stringContaining('bwrap') });
    expect(text).toContain('Sandbox: none (SLUICE_SANDBOX require)');
  });

  test('a setting that cannot be understood counts as require', async () => {
    server = await startServer({ workplace, environment: await withoutSandbox('perhaps') });
    expect(await server.fail('validate_config', subject('https://example.org/a.csv'))).toMatchObject({
      code: 'sandbox_missing',
    });
    const { warnings } = await server.call<{ warnings: string[] }>('get_status');
    expect(warnings).toContainEqual(expect.stringContaining('SLUICE_SANDBOX must be require, auto or off'));
  });
});
