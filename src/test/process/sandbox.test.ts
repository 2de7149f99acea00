/** A hostile connector in the sandbox, through the binary: what is not its own it can neither read, list, write nor reach. */
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { namesIn, waitUntil } from '../harness/machine.ts';
import { describeWith } from '../harness/requirements.ts';
import { FIXTURE_CONNECTORS, MEADOW, makeWorkplace, SHELF, type Workplace } from '../harness/workplace.ts';

const NOSY = join(FIXTURE_CONNECTORS, 'source-nosy.mjs');
const SECRET = 'nobody-may-read-this-9f3c';

interface Attempt {
  readonly attempt: string;
  readonly target: string;
  readonly succeeded: boolean;
  readonly found: string;
}

type Plan = Readonly<Record<string, unknown>>;

describeWith(['sandbox'], 'a confined connector', () => {
  let workplace: Workplace;
  let server: TestServer;
  /** A folder outside the workplace, with files of the person. */
  let mine: string;
  let sockets: Server;

  beforeEach(async () => {
    workplace = await makeWorkplace(`SHOP_KEY='${SECRET}'\n`, '/var/tmp');
    mine = await mkdtemp(join(tmpdir(), 'sluice-mine-'));
    await mkdir(join(mine, 'papers'));
    await writeFile(join(mine, 'papers', 'diary.txt'), SECRET);
    sockets = createServer().listen(join(mine, 'agent.sock'));
  });
  afterEach(async () => {
    await server?.close();
    sockets.close();
    await workplace.remove();
    await rm(mine, { recursive: true, force: true });
  });

  const start = async (environment: Record<string, string> = {}): Promise<void> => {
    server = await startServer({ workplace, environment: { SLUICE_SANDBOX: 'require', ...environment } });
  };
  const save = (name: string, plan: Plan): Promise<unknown> =>
    server.call('save_source', {
      name,
      connector: NOSY,
      runtime: 'executable',
      config: { plan: Buffer.from(JSON.stringify(plan)).toString('base64') },
    });
  async function attemptsOf(name: string): Promise<Attempt[]> {
    const sql = `SELECT attempt, target, succeeded, found FROM ${name}.attempts LIMIT 1000`;
    const { rows } = await server.call<{ rows: [string, string, boolean, string][] }>('query', { sql });
    return rows.map(([attempt, target, succeeded, found]) => ({ attempt, target, succeeded, found }));
  }
  async function attempts(plan: Plan, name = 'nosy'): Promise<Attempt[]> {
    await save(name, plan);
    const sync = await server.call('start_sync', { source: name, wait_seconds: 40 });
    expect(sync).toMatchObject({ state: 'complete' });
    return attemptsOf(name);
  }
  /** All that a plan tries must fail, but for what a person has opened. */
  function expectNothingGained(tried: readonly Attempt[]): void {
    expect(tried.length).toBeGreaterThan(10);
    expect(tried.filter(({ attempt, succeeded }) => succeeded !== attempt.startsWith('allowed'))).toEqual([]);
    expect(JSON.stringify(tried)).not.toContain(SECRET);
  }

  test('reads no file of the person, writes nowhere, reaches no socket and sees no process', async () => {
    await start();
    const other = join(workplace.project, 'runs', 'another-run');
    await mkdir(other, { recursive: true });
    await writeFile(join(other, 'config.json'), SECRET);
    const diary = join(mine, 'papers', 'diary.txt');
    const tried = await attempts({
      read: [workplace.envFile, diary, join(other, 'config.json'), join(workplace.project, 'sources', 'nosy.json')],
      list: [
        homedir(),
        mine,
        other,
        ...['cache', 'sources', 'logs', 'exports', 'locks', 'connectors'].map((name) => join(workplace.project, name)),
        '/root',
        '/home',
        '/sys',
        '/run',
        '/var/log',
        // On the path to the connector's own program only its own names are visible.
      ].filter((path) => !FIXTURE_CONNECTORS.startsWith(`${path}/`)),
      write: [
        join(mine, 'papers'),
        workplace.directory,
        workplace.envFile,
        workplace.project,
        join(workplace.project, 'cache', 'cache.duckdb'),
        FIXTURE_CONNECTORS,
        '/usr/lib',
        '/etc',
        '/',
        '/dev',
        homedir(),
      ],
      connect: [join(mine, 'agent.sock'), '/var/run/docker.sock', '/run/dbus/system_bus_socket'],
      signal: [server.pid, process.pid],
      allowed: { write: [workplace.open], read: ['/etc/hosts'], list: ['/usr/share/zoneinfo'] },
    });
    expectNothingGained(tried);
    expect((await namesIn(workplace.open)).filter((name) => name.startsWith('nosy-'))).toHaveLength(1);
  });

  test('does not find the env file and the project in a folder that is open, nor through links in it', async () => {
    const papers = join(workplace.directory, 'papers');
    await mkdir(papers);
    await writeFile(join(papers, 'letter.txt'), 'dear reader');
    await writeFile(join(workplace.directory, 'note.txt'), 'a note');
    await symlink(workplace.envFile, join(papers, 'link.txt'));
    await symlink(workplace.directory, join(papers, 'up'));
    await start({ SLUICE_READ_DIRS: `${workplace.directory}:${workplace.project}:${mine}` });
    await mkdir(join(workplace.project, 'exports'), { recursive: true });
    const tried = await attempts({
      read: [
        workplace.envFile,
        join(papers, 'link.txt'),
        join(papers, 'up', 'test.env'),
        join(papers, 'up', 'project', 'sources', 'nosy.json'),
      ],
      list: [
        join(workplace.project, 'sources'),
        join(papers, 'up', 'project', 'exports'),
        join(workplace.directory, 'data', 'sluice'),
      ],
      write: [workplace.directory, papers, join(papers, 'letter.txt'), mine],
      allowed: {
        read: [join(papers, 'letter.txt'), join(workplace.directory, 'note.txt')],
        write: [workplace.open],
      },
    });
    const opened = ({ target }: Attempt): boolean => target === join(mine, 'papers', 'diary.txt');
    expectNothingGained(tried.filter((row) => !opened(row)));
    expect(await readFile(join(papers, 'letter.txt'), 'utf8')).toBe('dear reader');
    const { warnings } = await server.call<{ warnings: string[] }>('get_status');
    expect(warnings).toContainEqual(expect.stringContaining(`${workplace.project} is left out`));
  });

  test('does not get at an env file that is replaced while it runs', async () => {
    await start({ SLUICE_READ_DIRS: workplace.directory });
    const [ready, go] = [join(workplace.open, 'ready'), join(workplace.open, 'go')];
    await save('nosy', { ready, wait_for: go, read: [workplace.envFile] });
    const { sync_id: id } = await server.call<{ sync_id: string }>('start_sync', { source: 'nosy', wait_seconds: 0 });
    await waitUntil(async () => (await namesIn(workplace.open)).includes('ready'));
    const draft = join(workplace.directory, 'test.env.new');
    await writeFile(draft, `SHOP_KEY='${SECRET}-again'\n`, { mode: 0o600 });
    await rename(draft, workplace.envFile);
    await writeFile(go, '');
    expect(await server.call('get_sync', { sync_id: id, wait_seconds: 30 })).toMatchObject({ state: 'complete' });
    expectNothingGained(await attemptsOf('nosy'));
  });

  test('does not see another that runs at the same time', async () => {
    await start();
    const [ready, go] = [join(workplace.open, 'ready'), join(workplace.open, 'go')];
    await save('first', { ready, wait_for: go });
    const { sync_id: id } = await server.call<{ sync_id: string }>('start_sync', { source: 'first', wait_seconds: 0 });
    await waitUntil(async () => (await namesIn(workplace.open)).includes('ready'));
    const [run = ''] = await namesIn(join(workplace.project, 'runs'));
    const folder = join(workplace.project, 'runs', run);
    const tried = await attempts({
      read: [join(folder, 'work', 'config.json'), join(folder, 'process.json')],
      list: [folder, join(folder, 'work')],
      write: [folder, join(folder, 'work'), join(folder, 'process.json')],
    });
    await writeFile(go, '');
    await server.call('get_sync', { sync_id: id, wait_seconds: 30 });
    expectNothingGained(tried);
  });

  test('cannot read a file whose path came from a secret, and the error names the allowed folders', async () => {
    await workplace.writeEnvFile(
      `PATH_OF_MINE='${workplace.envFile}'\nSLUICE_PLAIN=PATH_OF_MINE\nSHOP_KEY='${SECRET}'\n`,
    );
    await start();
    const one = { connector: join(FIXTURE_CONNECTORS, 'source-onefile.mjs'), runtime: 'executable' };
    const config = { dataset_name: 'lines', provider: { storage: 'local' } };
    const byReference = { ...config, url: 'secret_reference::PATH_OF_MINE' };
    const hidden = await server.call('validate_config', { ...one, config: byReference });
    expect(hidden).toMatchObject({ valid: false, check_message: 'The file cannot be read: ENOENT' });
    const diary = await server.call<{ warnings: string[] }>('validate_config', {
      ...one,
      config: { ...config, url: join(mine, 'papers', 'diary.txt') },
    });
    expect(diary).toMatchObject({ valid: false, check_message: 'The file cannot be read: ENOENT' });
    expect(diary.warnings).toContainEqual(expect.stringMatching(/^url: .*SLUICE_READ_DIRS/));
  });

  test('a destination that would write to a temporary folder is refused, and fails where only the person configured it', async () => {
    const file = join(workplace.project, 'shelf.yaml');
    await mkdir(workplace.project, { recursive: true });
    await writeFile(file, 'destination_path: /tmp/shelf\n');
    await start();
    const shelf = { connector: SHELF, runtime: 'executable' };
    for (const path of ['/tmp/shelf', '~/shelf'])
      expect(
        await server.fail('save_destination', { name: 'shelf', ...shelf, config: { destination_path: path } }),
      ).toMatchObject({ code: 'local_path' });
    await server.call('save_destination', { name: 'shelf', ...shelf, config_file: file });
    await workplace.writeEnvFile("MEADOW_API_KEY='a-key-of-the-meadow-77'\n");
    const meadow = {
      connector: MEADOW,
      runtime: 'executable',
      config: { api_key: 'secret_reference::MEADOW_API_KEY' },
    };
    await server.call('save_source', { name: 'meadow', ...meadow });
    const sync = await server.call('start_sync', { source: 'meadow', destination: 'shelf', wait_seconds: 30 });
    expect(sync).toMatchObject({ state: 'failed' });
  });

  test('would get all of that without the sandbox', async () => {
    await start({ SLUICE_SANDBOX: 'off' });
    const tried = await attempts({
      read: [workplace.envFile],
      list: [join(workplace.project, 'sources')],
      write: [join(mine, 'papers')],
      connect: [join(mine, 'agent.sock')],
      signal: [server.pid],
    });
    const won = new Set(tried.filter(({ succeeded }) => succeeded).map(({ attempt }) => attempt));
    for (const one of [
      'read plainly',
      'list by find',
      'write by a shell',
      'connect',
      'signal plainly',
      'see processes of others',
    ])
      expect(won).toContain(one);
  });

  test('is reported as confined in the status and in the log of its sync', async () => {
    await start();
    expect(await server.call('get_status')).toMatchObject({ sandbox: { setting: 'require', kind: 'bubblewrap' } });
    await attempts({});
    const { text } = await server.call('get_sync', { log_lines: 20 });
    expect(text).toContain('confined by bubblewrap');
  });
});
