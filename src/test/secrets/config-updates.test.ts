/** Connectors that change their own configuration: a single-use token is stored for the next run and never shown. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, makeConnectorWorkplace, namesIn, waitUntil } from '../harness/machine.ts';
import { startTyped } from '../harness/terminal.ts';
import { tracesIn } from '../harness/traces.ts';
import { GATED_SOURCE, type Workplace } from '../harness/workplace.ts';

const FIRST = 'turn-the-first-token-0001';

let workplace: Workplace;
let server: TestServer;
let connector: string;
let store: string;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace(`TURN_TOKEN='${FIRST}'\nOTHER_TOKEN='turn-another-token-0002'\n`);
  connector = await copyConnector(workplace, GATED_SOURCE);
  store = join(workplace.open, 'upstream');
  server = await startServer({ workplace });
});
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly errors: { message: string }[];
  readonly warnings: string[];
  readonly log?: string[];
}

const save = (more: object = {}, name = 'gate', reference = 'TURN_TOKEN') =>
  server.call('save_source', {
    name,
    connector,
    runtime: 'executable',
    config: { store, credentials: { refresh_token: `secret_reference::${reference}`, scopes: ['read'] }, ...more },
  });
const sync = () => server.call<Sync>('start_sync', { source: 'gate', wait_seconds: 30 });
/** The token that the upstream accepts now. */
const current = () => readFile(store, 'utf8');
const folder = () => join(workplace.project, 'updates');

async function listed(): Promise<{ fields: string[] } | undefined> {
  const { sources } = await server.call<{ sources: { changed_by_connector?: { fields: string[] } }[] }>('list_sources');
  return sources[0]?.changed_by_connector;
}

describe('a token that is good for one use', () => {
  test('is stored by each sync and used by the next one; the file has only the changes', async () => {
    await save();
    expect(await listed()).toBeUndefined();
    const tokens = new Set([FIRST]);
    for (let run = 0; run < 3; run += 1) {
      expect(await sync()).toMatchObject({ state: 'complete', errors: [] });
      tokens.add(await current());
    }
    expect(tokens.size).toBe(4);
    const fields = ['refresh_token', 'access_token', 'token_expiry_date', 'scopes'].map((key) => `credentials.${key}`);
    expect((await listed())?.fields.sort()).toEqual(fields.sort());
    const text = await readFile(join(folder(), 'gate.json'), 'utf8');
    expect(text).toContain(await current());
    expect(text, 'what did not change is not in it').not.toContain(store);
    expect(text).not.toContain(FIRST);
    expect((await stat(folder())).mode & 0o777).toBe(0o700);
    for (const name of await namesIn(folder())) expect((await stat(join(folder(), name))).mode & 0o777).toBe(0o600);
  });

  test('is used and stored by preview, by the terminal and by another server', async () => {
    await save();
    await server.call('preview_stream', { source: 'gate', streams: ['visits'] });
    const typed = await startTyped(workplace, ['sync', 'gate'], workplace.environment).ended;
    expect(typed.code, typed.err).toBe(0);
    expect(tracesIn(typed.out + typed.err, { CURRENT: await current() })).toEqual([]);
    expect(await sync()).toMatchObject({ state: 'complete' });
    const second = await startServer({ workplace });
    expect(await second.call('start_sync', { source: 'gate', wait_seconds: 30 })).toMatchObject({ state: 'complete' });
    await second.close();
    expect(await sync()).toMatchObject({ state: 'complete' });
  });

  test('that the check and the discovery of its source use up is still renewed', async () => {
    await save({ rotate: ['check', 'discover', 'read'] });
    expect((await listed())?.fields).toContain('credentials.refresh_token');
    expect(await sync()).toMatchObject({ state: 'complete' });
    await server.call('list_streams', { source: 'gate', refresh: true });
    expect(await sync()).toMatchObject({ state: 'complete' });
  });

  test('that validate_config used up is there for save_source', async () => {
    const config = { store, rotate: ['check'], credentials: { refresh_token: 'secret_reference::TURN_TOKEN' } };
    const subject = { connector, runtime: 'executable', config };
    expect(await server.call('validate_config', subject)).toMatchObject({ valid: true });
    await server.call('save_source', { name: 'gate', ...subject });
    expect(await sync()).toMatchObject({ state: 'complete' });
    expect(Object.keys(await server.call('validate_config', { ...subject, schema_only: true }))).not.toContain(
      'checked',
    );
  });

  test('is on disk at once: a server that dies right after it leaves the next one able to continue', async () => {
    await save({ wait: true });
    await server.call('start_sync', { source: 'gate', wait_seconds: 0 });
    await waitUntil(async () => (await namesIn(folder())).includes('gate.json'));
    process.kill(server.pid, 'SIGKILL');
    await server.close();
    // What the source was saved with stays as it is: only the connector's own behaviour changes.
    await writeFile(
      connector,
      (await readFile(connector, 'utf8')).replace('if (config.wait) await', 'if (false) await'),
    );
    server = await startServer({ workplace });
    expect(await sync()).toMatchObject({ state: 'complete' });
  });
});

test('a stored value is never shown in answers, logs, errors or rows, nor by a server that starts later', async () => {
  await save({ fail: true });
  const failed = await sync();
  expect(failed.errors[0]?.message).toContain('[secret:gate.credentials.refresh_token]');
  // The scope "read" is not a secret: our own sentences stay readable.
  expect(failed.warnings.join()).toContain('were read for a table');
  const watching = await startServer({ workplace });
  await watching.call('get_status');
  await writeFile(connector, (await readFile(connector, 'utf8')).replace('if (config.fail) await', 'if (false) await'));
  expect(await sync()).toMatchObject({ state: 'complete' });
  const later = await startServer({ workplace });
  const token = await current();
  const seen: string[] = [];
  for (const each of [server, watching, later]) {
    for (const [tool, args] of [
      ['query', { sql: 'SELECT * FROM gate.visits' }],
      ['describe_data', { dataset: 'gate', detail: 'full' }],
      ['get_sync', { log_lines: 100 }],
      ['list_sources', {}],
      ['get_status', {}],
    ] as const) {
      const answer = await each.call(tool, args);
      seen.push(JSON.stringify(answer));
      if (tool === 'query') {
        expect(JSON.stringify(answer)).toContain('[secret:gate.credentials.refresh_token]');
        expect(JSON.stringify(answer), 'a date that the spec calls no secret is data').toContain('2030-01-01');
      }
    }
  }
  seen.push(JSON.stringify(await server.call('preview_stream', { source: 'gate', streams: ['visits'] })));
  const secrets = { TOKEN: token, LATEST: await current() };
  expect(tracesIn(seen.join('\n'), secrets)).toEqual([]);
  for (const [path, bytes] of await workplace.files()) {
    if (path === store || path.includes('/updates/') || basename(path).startsWith('cache.duckdb')) continue;
    expect(tracesIn(bytes, secrets), path).toEqual([]);
  }
  for (const each of [watching, later]) await each.close();
});

describe('a stored change is dropped', () => {
  test('when the value behind a reference changes: the new value is used', async () => {
    await save();
    await sync();
    await workplace.writeEnvFile("TURN_TOKEN='turn-given-again-0003'\n");
    expect((await sync()).errors[0]?.message).toContain('used before');
    expect(await listed()).toBeUndefined();
    await writeFile(store, 'turn-given-again-0003');
    expect(await sync()).toMatchObject({ state: 'complete' });
  });

  test('when the source is saved again', async () => {
    await save();
    await sync();
    await writeFile(store, 'turn-another-token-0002');
    await save({}, 'gate', 'OTHER_TOKEN');
    expect(await listed()).toBeUndefined();
    expect(await namesIn(folder())).not.toContain('gate.json');
    expect(await sync()).toMatchObject({ state: 'complete' });
  });
});

test('a stored change cannot be used as a config_file', async () => {
  await save();
  await sync();
  const stolen = { connector, runtime: 'executable', config_file: join(folder(), 'gate.json') };
  const { valid, problems } = await server.call<{ valid: boolean; problems: { path: string }[] }>(
    'validate_config',
    stolen,
  );
  expect([valid, problems[0]?.path]).toEqual([false, 'config_file']);
});

test('a change that cannot be stored is reported, and the sync completes', async () => {
  await save();
  await writeFile(folder(), 'no folder');
  const { state, warnings } = await server.call<{ state: string; warnings: string[] }>('start_sync', {
    source: 'gate',
    wait_seconds: 30,
  });
  expect(state).toBe('complete');
  expect(warnings.join()).toContain('could not be stored');
});
