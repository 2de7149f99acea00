import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../../test/harness/requirements.ts';
import { connectEngine, connectFirst } from './engine.ts';
import { engineAddresses } from './engine-address.ts';

let folder: string;
let socket: string;
let servers: Server[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-docker-'));
  socket = join(folder, 'docker.sock');
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true });
});

async function listen(server: Server, at: string | number = socket): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(at, () => resolve()));
  return Number((server.address() as { port?: number }).port ?? 0);
}

function answering(version: object | string): Server {
  const text = typeof version === 'string' ? version : JSON.stringify(version);
  return createHttp((_request, response) => response.end(text));
}

const ENGINE = { Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24', Os: 'linux' };
const here = (): Record<string, string> => ({ DOCKER_HOST: `unix://${socket}`, HOME: folder, PATH: '' });
const failure = async (environment: Record<string, string>) =>
  connectEngine(environment).then(
    () => ({ code: 'it answered', message: '', next: '' }),
    (error: { code: string; message: string; next: string }) => error,
  );

test('an engine that answers is found by its socket, and spoken to in a version that it knows', async () => {
  await listen(answering(ENGINE));
  expect(await connectEngine(here())).toMatchObject({ version: '28.2.2', address: { name: `unix://${socket}` } });
});

test('an engine on TCP is found', async () => {
  const port = await listen(answering(ENGINE), 0);
  const engine = await connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
  expect(engine.address.name).toBe(`tcp://127.0.0.1:${port}`);
});

test('no socket: not running, and DOCKER_HOST is named', async () => {
  const error = await failure(here());
  expect(error).toMatchObject({ code: 'docker_not_running', message: expect.stringContaining('DOCKER_HOST') });
  expect(error.next).toMatch(/start/);
});

test('a socket without a listener: not running', async () => {
  await writeFile(socket, '');
  expect(await failure(here())).toMatchObject({ code: 'docker_not_running' });
});

describeWith(['unprivileged'], 'permission', () => {
  test('a socket that this user may not open: the group is named', async () => {
    await listen(answering(ENGINE));
    await chmod(socket, 0o000);
    expect(await failure(here())).toMatchObject({
      code: 'docker_permission',
      next: expect.stringContaining('usermod -aG docker'),
    });
  });
});

test('an engine that accepts and sends nothing', async () => {
  await listen(createServer(() => {}));
  expect(await failure(here())).toMatchObject({ code: 'docker_no_answer' });
});

test.each([
  ['a page', '<html>hello</html>'],
  ['another JSON', { status: 'ok' }],
])('what answers is something else: %s', async (_what, answer) => {
  await listen(answering(answer));
  expect(await failure(here())).toMatchObject({ code: 'docker_not_an_engine' });
});

test('what answers does not speak HTTP', async () => {
  await listen(createServer((connection) => void connection.end('SSH-2.0-OpenSSH_9.2\r\n')));
  expect(await failure(here())).toMatchObject({ code: 'docker_not_an_engine' });
});

test('an engine that is too old, and one of Windows containers', async () => {
  await listen(answering({ ...ENGINE, Version: '18.09.1', ApiVersion: '1.39', MinAPIVersion: '1.12' }));
  expect(await failure(here())).toMatchObject({ code: 'docker_too_old', message: expect.stringContaining('18.09.1') });
  const port = await listen(answering({ ...ENGINE, Os: 'windows' }), 0);
  expect(await failure({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toMatchObject({
    code: 'docker_windows_containers',
  });
});

test.each([
  ['ssh://somebody@example.org', 'docker_host_ssh'],
  ['npipe:////./pipe/docker_engine', 'docker_host_invalid'],
  ['unix://docker.sock', 'docker_host_invalid'],
  ['/var/run/docker.sock', 'docker_host_invalid'],
  ['tcp://', 'docker_host_invalid'],
  ['tcp://:::', 'docker_host_invalid'],
  ['nonsense', 'docker_host_invalid'],
  ['tcp://127.0.0.1:1', 'docker_not_running'],
  ['tcp://no-such-host.invalid:2375', 'docker_host_unknown'],
])('DOCKER_HOST=%s is reported as %s', async (host, code) => {
  const error = await failure({ DOCKER_HOST: host, HOME: folder });
  expect(error).toMatchObject({ code });
  expect(error.next).toMatch(/DOCKER_HOST/);
});

test('certificates that are asked for and not there', async () => {
  const error = await failure({ DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_TLS_VERIFY: '1', HOME: folder });
  expect(error).toMatchObject({ code: 'docker_certificates_unreadable', next: expect.stringContaining('ca.pem') });
});

test('a folder of certificates that is named and not there, though nothing asks for TLS', async () => {
  const environment = { DOCKER_HOST: 'tcp://127.0.0.1:2375', DOCKER_CERT_PATH: join(folder, 'nowhere') };
  expect(await failure(environment)).toMatchObject({ code: 'docker_certificates_unreadable' });
});

test('the context that the docker command uses is used, and DOCKER_HOST goes before it', async () => {
  await listen(answering(ENGINE));
  const id = createHash('sha256').update('mine').digest('hex');
  const meta = join(folder, '.docker', 'contexts', 'meta', id);
  await mkdir(meta, { recursive: true });
  await writeFile(join(folder, '.docker', 'config.json'), JSON.stringify({ currentContext: 'mine' }));
  const endpoint = { Name: 'mine', Endpoints: { docker: { Host: `unix://${socket}` } } };
  await writeFile(join(meta, 'meta.json'), JSON.stringify(endpoint));
  expect((await connectEngine({ HOME: folder })).address).toMatchObject({ socketPath: socket });
  expect(await failure({ HOME: folder, DOCKER_HOST: 'tcp://127.0.0.1:1' })).toMatchObject({
    code: 'docker_not_running',
  });
  expect(await failure({ HOME: folder, DOCKER_CONTEXT: 'other' })).toMatchObject({ code: 'docker_context_unusable' });
});

test('the usual sockets are those of the system, Docker Desktop, Colima and rootless Docker', async () => {
  const names = (await engineAddresses({ HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') })).map(({ name }) => name);
  expect(names).toEqual([
    'unix:///var/run/docker.sock',
    `unix://${folder}/.docker/run/docker.sock`,
    `unix://${folder}/.docker/desktop/docker.sock`,
    `unix://${folder}/.colima/default/docker.sock`,
    `unix://${folder}/run/docker.sock`,
  ]);
});

test('the first usual socket that answers is used; without any, installed and not installed are distinguished', async () => {
  const absent = { name: 'unix:///absent', socketPath: join(folder, 'absent.sock') };
  const answers = { name: 'unix:///answers', socketPath: socket };
  await listen(answering(ENGINE));
  expect((await connectFirst([absent, answers], {})).address).toBe(answers);
  const program = join(folder, 'docker');
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  const error = await connectFirst([absent], { HOME: folder, PATH: folder }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'docker_not_running', message: expect.stringContaining(program) });
});
