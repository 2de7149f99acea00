/** Less common cases of containers: destinations, users of every kind, and an engine that disconnects. */
import { execFileSync } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { docker, expectNoContainers, makeDockerWorkplace, runningContainer } from '../harness/docker.ts';
import { describeWith } from '../harness/requirements.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly records: number;
  readonly errors: { message: string }[];
  readonly streams: { stream: string; confirmed?: number; committed_state?: boolean }[];
}

describeWith(['docker'], 'a destination in a container', () => {
  let workplace: Workplace;
  let server: TestServer;
  const count = 5000;
  const into = (destination: string): Promise<Sync> =>
    server.call<Sync>('start_sync', { source: 'meadow', destination, streams: ['users'], wait_seconds: 40 });

  beforeAll(async () => {
    workplace = await makeDockerWorkplace();
    server = await startServer({ workplace });
    const config = { api_key: 'secret_reference::MEADOW_API_KEY', count };
    await server.call('save_source', { name: 'meadow', connector: MEADOW, runtime: 'executable', config });
    const tally = { connector: 'destination-tally', runtime: 'docker' };
    await server.call('save_destination', { name: 'tally', ...tally, config: {} });
    await server.call('save_destination', { name: 'broken', ...tally, config: { ends_after: 700 } });
  });
  afterAll(async () => {
    await server.close();
    await workplace.remove();
  });

  test('reads its stdin to the end, and its states are stored', async () => {
    const first = await into('tally');
    expect(first, JSON.stringify(first)).toMatchObject({ state: 'complete', records: count, errors: [] });
    expect(first.streams).toMatchObject([{ confirmed: count, committed_state: true }]);
    const log = await server.call('get_sync', { sync_id: first.sync_id, log_lines: 20 });
    expect(log.text).toContain(`tally: ${count} records`);
    expect(await into('tally')).toMatchObject({ state: 'complete', records: 0 });
    await expectNoContainers(server);
  });

  test('that exits in the middle is reported with its exit code and its message', async () => {
    const { state, errors } = await into('broken');
    expect(['failed', 'incomplete']).toContain(state);
    expect(errors.map(({ message }) => message).join()).toMatch(/exit code 1.*no more after 700/s);
    await expectNoContainers(server);
  });
});

describeWith(['docker'], 'the user of an image', () => {
  const users: [string, number, number][] = [
    ['root', 0, 0],
    ['0', 0, 0],
    ['1000', 1000, 1000],
    ['airbyte:root', 1000, 0],
    ['4321', 4321, 0],
    ['4321:77', 4321, 77],
  ];
  const folder = (user: string): string => `sluice-test/source-user-${user.replace(/\W/g, '-')}`;
  let workplace: Workplace;
  let server: TestServer;

  beforeAll(async () => {
    for (const [user] of users) {
      const input = `FROM sluice-test/source-hostile:1.0.0\nUSER ${user}\n`;
      execFileSync('docker', ['build', '-q', '-t', `${folder(user)}:1.0.0`, '-'], {
        input,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
    }
    workplace = await makeDockerWorkplace(Object.fromEntries(users.map(([user]) => [folder(user), '1.0.0'])));
    server = await startServer({ workplace });
  });
  afterAll(async () => {
    await server.close();
    await workplace.remove();
    await docker('image', 'rm', '--force', ...users.map(([user]) => `${folder(user)}:1.0.0`));
  });

  test.each(users)('%s owns its configuration, which no other user can read', async (user, uid, gid) => {
    const connector = folder(user).split('/')[1] ?? '';
    const args = { connector, runtime: 'docker', config: { behaviours: ['look'] } };
    const { check_message: message } = await server.call<{ check_message: string }>('validate_config', args);
    expect(JSON.parse(message)).toMatchObject({
      uid,
      owner: uid,
      group: gid,
      mode: '0o600',
      folder_owner: uid,
      folder_mode: '0o700',
    });
  });
});

describeWith(['docker'], 'an image that is not sound', () => {
  test.each([
    ['no program', 'ENTRYPOINT ["/no/such/program"]', 'connector_crashed', /No such file/],
    ['no such user', 'USER nobody-of-here', 'docker_engine_failed', /nobody-of-here/],
  ])('%s: the error has the engine’s message and what to do', async (_what, line, code, words) => {
    const image = 'sluice-test/source-unsound:1.0.0';
    const input = `FROM sluice-test/source-hostile:1.0.0\n${line}\n`;
    execFileSync('docker', ['build', '-q', '-t', image, '-'], { input, stdio: ['pipe', 'pipe', 'pipe'] });
    const workplace = await makeDockerWorkplace({ 'sluice-test/source-unsound': '1.0.0' });
    const server = await startServer({ workplace });
    const error = await server.fail('validate_config', { connector: 'source-unsound', runtime: 'docker', config: {} });
    expect(error).toMatchObject({ code, text: expect.stringMatching(words) });
    await expectNoContainers(server);
    await server.close();
    await workplace.remove();
    await docker('image', 'rm', '--force', image);
  });
});

describeWith(['docker'], 'an engine that disappears', () => {
  test('in the middle of a sync: the sync fails with plain words, and the container ends at the next use', async () => {
    const sockets = new Set<Socket>();
    const forwarder = await startForwarder(sockets);
    const { port } = forwarder.address() as AddressInfo;
    const workplace = await makeDockerWorkplace();
    const environment = { DOCKER_HOST: `tcp://127.0.0.1:${port}` };
    const server = await startServer({ workplace, environment });
    const config = { records: 50, behaviours: ['hang'] };
    const source = { name: 'things', connector: 'source-hostile', runtime: 'docker', config };
    await server.call('save_source', source);
    const { sync_id: id } = await server.call<Sync>('start_sync', { source: 'things', wait_seconds: 0 });
    const container = await runningContainer(server);
    forwarder.close();
    for (const socket of sockets) socket.destroy();
    const sync = await server.call<Sync>('get_sync', { sync_id: id, wait_seconds: 40 });
    expect(['failed', 'incomplete']).toContain(sync.state);
    expect(sync.errors.map(({ message }) => message).join()).toMatch(/engine/);
    expect(await docker('inspect', '--format', '{{.State.Running}}', container)).toBe('true');
    const error = await server.fail('start_sync', { source: 'things' });
    expect(error).toMatchObject({ kind: 'setup', code: 'docker_not_running' });
    expect(error.message).toContain('DOCKER_HOST');
    await server.close();

    const next = await startServer({ workplace });
    await next.call('validate_config', { connector: 'source-hostile', runtime: 'docker', config: {} });
    await expectNoContainers(server);
    await next.close();
    await workplace.remove();
  });
});

async function startForwarder(sockets: Set<Socket>): Promise<Server> {
  const forwarder = createServer((from) => {
    const to = connect('/var/run/docker.sock');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => forwarder.listen(0, '127.0.0.1', resolve));
  return forwarder;
}
