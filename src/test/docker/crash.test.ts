/** Containers end with their server, however it ends. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import {
  containersOf,
  docker,
  expectNoContainers,
  expectNoWatchers,
  makeDockerWorkplace,
  runningContainer,
  watchersOf,
} from '../harness/docker.ts';
import { startRaw } from '../harness/raw.ts';
import { describeWith } from '../harness/requirements.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

const config = { behaviours: ['ignore-signals', 'fork', 'hang'] };
const source = { name: 'hostile', connector: 'source-hostile', runtime: 'docker', config };

describeWith(['docker'], 'a server that ends while its container runs', () => {
  let workplace: Workplace;
  beforeEach(async () => {
    workplace = await makeDockerWorkplace();
  });
  afterEach(() => workplace.remove());

  async function startHanging(environment: Record<string, string> = {}): Promise<TestServer> {
    const server = await startServer({ workplace, environment });
    await server.call('save_source', source);
    await server.call('start_sync', { source: 'hostile', streams: ['things'], wait_seconds: 0 });
    await runningContainer(server);
    return server;
  }

  test('the server and the container stop within a second after stdin closes', async () => {
    const server = startRaw(workplace);
    const { pid = 0 } = server.process;
    await server.initialize();
    await server.callTool('save_source', source);
    await server.callTool('start_sync', { source: 'hostile', streams: ['things'], wait_seconds: 0 });
    await runningContainer({ pid });
    const began = Date.now();
    await server.close();
    expect(Date.now() - began).toBeLessThan(1_000);
    await expectNoContainers({ pid }, Math.max(50, 1_000 - (Date.now() - began)));
    await expectNoWatchers({ pid });
  });

  test('its stdin is closed while a container is being made', async () => {
    for (const moment of [100, 200, 300, 400, 500, 600, 800]) {
      const server = startRaw(workplace);
      const { pid = 0 } = server.process;
      await server.initialize();
      void server.callTool('validate_config', { ...source, name: undefined }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, moment));
      const began = Date.now();
      await server.close();
      expect(Date.now() - began).toBeLessThan(1_200);
      await expectNoContainers({ pid }, 1_000);
    }
  });

  /** By `kill -9`, after the watcher that would remove its container. */
  async function killWithWatcher(server: TestServer): Promise<void> {
    const watchers = await watchersOf(server);
    expect(watchers).toHaveLength(1);
    for (const pid of [...watchers, server.pid]) process.kill(pid, 'SIGKILL');
    await server.close();
    expect(await containersOf(server)).toHaveLength(1);
  }

  test('killed with its watcher: the next use of Docker ends its container, and leaves those of living servers and of others', async () => {
    const killed = await startHanging();
    const living = await startServer({ workplace });
    await living.call('save_source', { ...source, name: 'second' });
    await living.call('start_sync', { source: 'second', streams: ['things'], wait_seconds: 0 });
    const stays = await runningContainer(living);
    await killWithWatcher(killed);
    const next = await startServer({ workplace });
    await next.call('validate_config', { ...source, name: undefined, config: { behaviours: [] } });
    await expectNoContainers(killed);
    expect(await docker('inspect', '--format', '{{.State.Running}}', stays)).toBe('true');
    await Promise.all([living.close(), next.close()]);
    await expectNoContainers(living);
  });

  test('killed, and this machine has been renamed since: its container still ends', async () => {
    const killed = { pid: 4_194_300 };
    const labels = ['sluice.project=0123456789abcdef', `sluice.server=${killed.pid}@long ago`, 'sluice.run=1'];
    const options = labels.flatMap((label) => ['--label', label]);
    const endless = ['--entrypoint', 'sleep', 'sluice-test/base:1', '600'];
    await docker('run', '--detach', ...options, ...endless);
    const record = JSON.stringify({ pid: killed.pid, started: 'long ago', project: '0123456789abcdef' });
    await mkdir(join(workplace.project, 'runs'), { recursive: true, mode: 0o700 });
    await writeFile(join(workplace.project, 'runs', `containers-${killed.pid}.json`), record);
    expect(await containersOf(killed)).toHaveLength(1);
    const next = await startServer({ workplace });
    await next.call('validate_config', { ...source, name: undefined, config: { behaviours: [] } });
    await expectNoContainers(killed);
    expect(await readdir(join(workplace.project, 'runs'))).toEqual([]);
    await next.close();
  });

  test('killed with its watcher: a connector of another runtime ends it as well', async () => {
    const killed = await startHanging();
    await killWithWatcher(killed);
    const next = await startServer({ workplace });
    const meadow = {
      connector: MEADOW,
      runtime: 'executable',
      config: { api_key: 'secret_reference::MEADOW_API_KEY' },
    };
    await next.call('validate_config', meadow);
    await expectNoContainers(killed);
    await next.close();
  });
});
