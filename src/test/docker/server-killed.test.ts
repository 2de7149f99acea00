/** A server that is killed at any moment of a container's life: its containers go within seconds, without another call. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { type EngineForwarder, startEngineForwarder } from '../harness/engine-forwarder.ts';
import { waitUntil } from '../harness/machine.ts';
import { startRaw } from '../harness/raw.ts';
import { describeWith } from '../harness/requirements.ts';
import type { Workplace } from '../harness/workplace.ts';

const hostile = { connector: 'source-hostile', runtime: 'docker' };
const config = { behaviours: ['ignore-signals', 'fork', 'hang'], token: 'secret_reference::HOSTILE_TOKEN' };
const TOKEN = 'a-token-of-the-hostile-one-8086';
/** What a person may wait until nothing of a killed server is left. */
const GONE_MS = 5_000;

describeWith(['docker'], 'a server that is killed', () => {
  let workplace: Workplace;
  let forwarder: EngineForwarder;
  beforeEach(async () => {
    workplace = await makeDockerWorkplace({}, `HOSTILE_TOKEN=${TOKEN}\n`);
    forwarder = await startEngineForwarder();
  });
  afterEach(async () => {
    forwarder.close();
    await workplace.remove();
  });

  const moments: [string, RegExp, number][] = [
    ['before the first one is asked for', /containers\/json/, 0],
    ['as it is asked for', /^POST .*\/containers\/create/, 0],
    ['while it is made', /^POST .*\/containers\/create/, 20],
    ['while it is made, later', /^POST .*\/containers\/create/, 60],
    ['when its files are put in', /^PUT .*\/archive/, 0],
    ['when it is attached to', /^POST .*\/attach/, 0],
    ['as it is started', /^POST .*\/start/, 0],
    ['while it is started', /^POST .*\/start/, 100],
    ['while its program starts', /^POST .*\/start/, 300],
    ['as it is removed', /^DELETE .*\/containers/, 0],
    ['while it is removed', /^DELETE .*\/containers/, 30],
  ];

  test('at eleven moments of a container’s life leaves none', async () => {
    const killed: { pid: number; moment: string }[] = [];
    for (const [moment, call, laterMs] of moments) {
      const server = startRaw(workplace, { DOCKER_HOST: forwarder.address });
      const { pid = 0 } = server.process;
      await server.initialize();
      const seen = forwarder.seen(call);
      server.callTool('validate_config', { ...hostile, config: { ...config, behaviours: [] } }).catch(() => {});
      await seen;
      await sleep(laterMs);
      process.kill(pid, 'SIGKILL');
      killed.push({ pid, moment });
      await expectNoContainers({ pid }, GONE_MS);
    }
    // One that the engine was still making may have come after the look above.
    for (const each of killed) await expectNoWatchers(each, 20_000);
    for (const { pid, moment } of killed) expect(await containersOf({ pid }), moment).toEqual([]);
  }, 120_000);

  test('loses its source and its destination; what a living server and others run stays', async () => {
    const killed = await startServer({ workplace });
    const tally = { name: 'tally', connector: 'destination-tally', runtime: 'docker', config: {} };
    await killed.call('save_destination', tally);
    await killed.call('save_source', { name: 'first', ...hostile, config });
    await killed.call('start_sync', { source: 'first', destination: 'tally', wait_seconds: 0 });
    const living = await startServer({ workplace });
    await living.call('save_source', { name: 'second', ...hostile, config });
    await living.call('start_sync', { source: 'second', wait_seconds: 0 });
    const stays = await runningContainer(living);
    const labels = ['--label', `sluice.server=${killed.pid}@another time`, '--label', 'sluice.run=1'];
    const other = await docker('run', '--detach', ...labels, '--entrypoint', 'sleep', 'sluice-test/base:1', '600');
    await waitUntil(async () => (await containersOf(killed)).length === 3);
    process.kill(killed.pid, 'SIGKILL');
    await waitUntil(async () => (await containersOf(killed)).join() === other, GONE_MS);
    for (const id of [stays, other]) expect(await docker('inspect', '--format', '{{.State.Running}}', id)).toBe('true');
    await docker('rm', '--force', other);
    await Promise.all([living.close(), killed.close()]);
    await expectNoContainers(living);
  }, 60_000);

  // macOS has no setsid command.
  test.runIf(process.platform === 'linux')(
    'with its entire process group: the watcher is in another one, and holds no pipe of the client',
    async () => {
      const server = startRaw(workplace, {}, ['setsid']);
      const { pid = 0 } = server.process;
      await server.initialize();
      await server.callTool('save_source', { name: 'hostile', ...hostile, config });
      await server.callTool('start_sync', { source: 'hostile', streams: ['things'], wait_seconds: 0 });
      await runningContainer({ pid });
      const closed = new Promise((resolve) => server.process.once('close', resolve));
      process.kill(-pid, 'SIGINT');
      process.kill(-pid, 'SIGKILL');
      await closed;
      // It looks for some seconds more.
      expect(await watchersOf({ pid })).not.toEqual([]);
      await expectNoContainers({ pid }, GONE_MS);
    },
    60_000,
  );

  test('whose engine creates the container after the server was killed', async () => {
    const server = startRaw(workplace, { DOCKER_HOST: forwarder.address });
    const { pid = 0 } = server.process;
    const began = `${Math.floor(Date.now() / 1000)}`;
    await server.initialize();
    const asked = forwarder.freezeAt(/^POST .*\/containers\/create/);
    server.callTool('validate_config', { ...hostile, config }).catch(() => {});
    await asked;
    process.kill(pid, 'SIGKILL');
    await server.ended;
    await sleep(1_000);
    expect(await containersOf({ pid })).toEqual([]);
    forwarder.thaw();
    const made = ['events', '--since', began, '--until', '0s', '--filter', 'event=create'];
    await waitUntil(async () => (await docker(...made)).includes(`sluice.server=${pid}@`), GONE_MS);
    await expectNoContainers({ pid }, GONE_MS);
  }, 60_000);
});

describeWith(['docker'], 'the watcher of a server’s containers', () => {
  let workplace: Workplace;
  let server: TestServer;
  beforeEach(async () => {
    workplace = await makeDockerWorkplace({}, `HOSTILE_TOKEN=${TOKEN}\n`);
    server = await startServer({ workplace });
  });
  afterEach(async () => {
    await server.close();
    await workplace.remove();
  });

  test('runs while there are containers, gets nothing private, and ends when they have', async () => {
    await server.call('get_status');
    expect(await watchersOf(server)).toEqual([]);
    await server.call('save_source', { name: 'hostile', ...hostile, config });
    const { sync_id: id } = await server.call<{ sync_id: string }>('start_sync', {
      source: 'hostile',
      wait_seconds: 0,
    });
    await runningContainer(server);
    const [watcher = 0, ...more] = await watchersOf(server);
    expect(more).toEqual([]);
    if (process.platform === 'linux') {
      const read = (file: string): Promise<string> => readFile(`/proc/${watcher}/${file}`, 'utf8');
      expect(`${await read('cmdline')}${await read('environ')}`).not.toContain(TOKEN);
      const names = (await read('environ')).split('\0').map((entry) => entry.split('=')[0] ?? '');
      expect(
        names.filter(
          (name) => !/^(PATH|PWD|ELECTRON_RUN_AS_NODE|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|)$/.test(name),
        ),
      ).toEqual([]);
    }
    await server.call('cancel_sync', { sync_id: id });
    await expectNoContainers(server);
    await expectNoWatchers(server);
  }, 60_000);

  test('removes what a server could not remove because its engine did not answer', async () => {
    const forwarder = await startEngineForwarder();
    const held = await startServer({ workplace, environment: { DOCKER_HOST: forwarder.address } });
    await held.call('save_source', { name: 'held', ...hostile, config });
    await held.call('start_sync', { source: 'held', wait_seconds: 0 });
    await runningContainer(held);
    forwarder.freeze();
    await held.close();
    expect(await containersOf(held)).toHaveLength(1);
    // What the server asked for last never reaches the engine.
    forwarder.cut(/^/);
    forwarder.thaw();
    await expectNoContainers(held, GONE_MS);
    forwarder.close();
  }, 60_000);
});
