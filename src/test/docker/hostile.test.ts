/** A hostile connector in a container: what it may see, what it may take, and that nothing of it stays. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { docker, expectNoContainers, makeDockerWorkplace, runningContainer } from '../harness/docker.ts';
import { describeWith } from '../harness/requirements.ts';
import { tracesIn } from '../harness/traces.ts';
import type { Workplace } from '../harness/workplace.ts';

const TOKEN = 'hst_live_9fK2xQ7vB4nT8zR1wY6u';
const connector = { connector: 'source-hostile', runtime: 'docker' };
const config = (behaviours: string[], more: object = {}): Record<string, unknown> => ({
  ...connector,
  config: { token: 'secret_reference::HOSTILE_TOKEN', behaviours, ...more },
});

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly streams: { rows: number }[];
  readonly errors: { message: string }[];
}

describeWith(['docker'], 'a hostile connector in a container', () => {
  let workplace: Workplace;
  let server: TestServer;
  const environment = {
    SLUICE_DOCKER_MEMORY: '128m',
    SLUICE_DOCKER_PIDS: '64',
    HTTPS_PROXY: 'http://proxy.example.org:3128',
  };

  beforeAll(async () => {
    workplace = await makeDockerWorkplace({}, `HOSTILE_TOKEN=${TOKEN}\n`);
    server = await startServer({ workplace, environment });
  });
  afterAll(async () => {
    await server.close();
    await workplace.remove();
  });

  const save = async (behaviours: string[], more: object = {}): Promise<void> => {
    await server.call('save_source', { name: 'hostile', ...config(behaviours, more) });
  };

  test('reads its own files, holds no privilege, and finds nothing of this machine', async () => {
    const { check_message: message } = await server.call<{ check_message: string }>(
      'validate_config',
      config(['look']),
    );
    const seen = JSON.parse(message) as Record<string, unknown> & { environment: Record<string, string> };
    expect(seen).toMatchObject({
      uid: 1000,
      owner: 1000,
      mode: '0o600',
      folder_owner: 1000,
      folder_mode: '0o700',
      capabilities: '0'.repeat(32),
      no_new_privileges: '1',
      first_process: expect.stringMatching(/init/),
      stdin_ended: true,
      writable: ['/tmp'],
    });
    expect(seen.environment.HTTPS_PROXY).toBe('http://proxy.example.org:3128');
    expect(Object.keys(seen.environment).filter((name) => /AIRBYTE|SLUICE|SECRET|TOKEN|USER/.test(name))).toEqual([]);
    expect(JSON.stringify(seen.environment)).not.toContain(workplace.directory);
    expect(seen.arguments).toEqual(['check', '--config', '/sluice-input/config.json']);
    expect(JSON.stringify(seen.mounts)).not.toContain(workplace.directory);
    await expectNoContainers(server);
  });

  test('its configuration is on no file of this machine and in no word of the engine', async () => {
    await save(['hang']);
    const started = await server.call<Sync>('start_sync', { source: 'hostile', wait_seconds: 0 });
    const id = await runningContainer(server);
    // Until the program itself runs, and has opened what it was given.
    await expect.poll(() => docker('top', id, '-o', 'pid,args'), { timeout: 10_000 }).toContain('read --config');
    const facts = await docker('inspect', id);
    expect(tracesIn(facts, { TOKEN })).toEqual([]);
    const [inspected] = JSON.parse(facts) as { HostConfig: Record<string, unknown>; Mounts: unknown[] }[];
    expect(inspected?.Mounts).toEqual([]);
    expect(inspected?.HostConfig).toMatchObject({
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 128 * 1024 ** 2,
      PidsLimit: 64,
      LogConfig: { Type: 'none' },
    });
    const inProject = [...(await workplace.files(workplace.project))].filter(([path]) => !path.includes('/cache/'));
    expect(
      inProject.flatMap(([path, bytes]) => tracesIn(bytes, { TOKEN }).map((trace) => `${path}: ${trace}`)),
    ).toEqual([]);
    // Another user inside cannot read it either.
    const other = (): string =>
      execFileSync('docker', ['exec', '--user', '1234', id, 'cat', '/sluice-input/config.json'], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(other).toThrow(/Permission denied/);
    expect(execFileSync('docker', ['exec', id, 'cat', '/sluice-input/config.json'], { encoding: 'utf8' })).toContain(
      TOKEN,
    );
    await server.call('cancel_sync', { sync_id: started.sync_id });
    await expectNoContainers(server, 4_000);
  });

  test.each([['ignore-signals'], ['fork'], ['ignore-signals', 'fork', 'flood-stderr']])(
    'is cancelled though it resists: %s',
    async (...behaviours) => {
      await save([...behaviours, 'hang']);
      const { sync_id: id } = await server.call<Sync>('start_sync', { source: 'hostile', wait_seconds: 0 });
      await runningContainer(server);
      await new Promise((resolve) => setTimeout(resolve, 500));
      const began = Date.now();
      await server.call('cancel_sync', { sync_id: id });
      await expectNoContainers(server, 5_000);
      expect(Date.now() - began).toBeLessThan(6_000);
      expect(await server.call<Sync>('get_sync', { sync_id: id })).toMatchObject({ state: 'cancelled' });
    },
  );

  test('a preview of an endless stream ends when there is enough', async () => {
    await save(['endless']);
    const { text } = await server.call('preview_stream', { source: 'hostile', streams: ['things'], limit: 5 });
    expect(text).toContain('things');
    await expectNoContainers(server);
  });

  test('a flood of errors and a line of 30 MB do no harm', async () => {
    await save(['flood-stderr', 'huge-line'], { records: 1000 });
    const sync = await server.call<Sync>('start_sync', { source: 'hostile', wait_seconds: 40 });
    expect(sync, JSON.stringify(sync)).toMatchObject({ state: 'complete', streams: [{ rows: 1001 }] });
    await expectNoContainers(server);
  });

  describe('limits', () => {
    test('memory: a sync and a check report it, with the setting', async () => {
      await save(['memory']);
      const sync = await server.call<Sync>('start_sync', { source: 'hostile', wait_seconds: 40 });
      expect(['failed', 'incomplete']).toContain(sync.state);
      expect(sync.errors.map(({ message }) => message).join()).toMatch(/memory.*SLUICE_DOCKER_MEMORY/);
      const checked = await server.fail('validate_config', config(['check-behaves', 'memory']));
      expect(checked).toMatchObject({
        code: 'connector_crashed',
        message: expect.stringContaining('memory'),
      });
      expect(checked.next).toContain('SLUICE_DOCKER_MEMORY');
      await expectNoContainers(server);
    });

    test('processes: a fork bomb ends at the limit', async () => {
      const error = await server.fail('validate_config', config(['check-behaves', 'many-processes']));
      expect(error).toMatchObject({ code: 'connector_crashed', details: { exit_code: 3 } });
      expect(String(error.details.stderr_tail)).toMatch(/stopped after \d{1,2} processes/);
      await expectNoContainers(server);
    });
  });

  test('an exit code and the end of its stderr are reported', async () => {
    const error = await server.fail('validate_config', config(['check-behaves', 'exit-3']));
    expect(error).toMatchObject({ code: 'connector_crashed', details: { exit_code: 3, stderr_tail: 'it went wrong' } });
  });

  test('localhost is warned of where the check fails and where it does not', async () => {
    const failing = config(['refused'], { host: 'localhost' });
    const answer = await server.call<{ warnings: string[] }>('validate_config', failing);
    expect(answer).toMatchObject({ valid: false, check_message: 'connection refused' });
    expect(answer.warnings.join()).toMatch(/^config\.host: .*host\.docker\.internal/);
    expect((await server.fail('save_source', { name: 'other', ...failing })).text).toContain('host.docker.internal');
    const saved = await server.call('save_source', { name: 'other', ...config([], { host: 'localhost' }) });
    expect(saved.text).toMatch(/Warning: config\.host: .*host\.docker\.internal/);
    const sound = await server.call<{ warnings: string[] }>('validate_config', config([], { host: 'db.example.org' }));
    expect(sound).toMatchObject({ valid: true, warnings: [] });
  });
});
