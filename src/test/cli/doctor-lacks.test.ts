/** What doctor reports on machines that lack something: simulated by bubblewrap, with the programs that a test puts there and no others. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onlyIndex } from '../../connectors/python/package-index.fixture.ts';
import { describeWith, testWith } from '../harness/requirements.ts';
import { type Ended, startProgram } from '../harness/terminal.ts';
import { BINARY, makeWorkplace, type Workplace } from '../harness/workplace.ts';

const UV = 'echo "uv 0.9.0"';
const PYTHON = `echo '["3.11.2", true, true]'`;
const PYTHON_WITHOUT_VENV = `echo '["3.11.2", true, false]'`;
const FORBIDDEN = 'echo "bwrap: setting up uid map: Permission denied" >&2; exit 1';
const OFFLINE = { AIRBYTE_OFFLINE_MODE: '1' };

let workplace: Workplace;
const servers: Server[] = [];
beforeEach(async () => {
  workplace = await makeWorkplace();
  await mkdir(join(workplace.directory, 'programs'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await workplace.remove();
});

interface Machine {
  /** Name to text of a shell script. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Of bubblewrap, besides. */
  readonly options?: readonly string[];
}

const doctorOn = (machine: Machine): Promise<Ended> => typeOn(machine, 'doctor');

async function typeOn({ programs = {}, environment = {}, options = [] }: Machine, command: string): Promise<Ended> {
  const folder = join(workplace.directory, 'programs');
  for (const [name, text] of Object.entries(programs))
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const view = [
    ...['--dev-bind', '/', '/', '--tmpfs', '/usr/bin', '--tmpfs', '/run', '--ro-bind', folder, '/usr/local/bin'],
    ...['--ro-bind', '/bin/sh', '/usr/bin/sh', '--ro-bind', process.execPath, '/usr/bin/node', ...options],
  ];
  const settings = { ...workplace.environment, PATH: '/usr/local/bin:/usr/bin:/bin', ...environment };
  const typed = startProgram(workplace, ['bwrap', ...view, '/usr/bin/node', BINARY, command], settings);
  typed.child.stdin.end();
  return typed.ended;
}

/** The line of doctor that begins with these words, whatever its mark. */
function lineOf({ out }: Ended, begins: string): string | undefined {
  return out.split('\n').find((line) => line.slice(2).startsWith(begins));
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describeWith(['sandbox'], 'doctor on a machine', () => {
  test('that lacks everything', async () => {
    const ended = await doctorOn({ options: ['--unshare-net'] });
    expect([ended.code, ended.err]).toEqual([1, '']);
    expect(lineOf(ended, 'uv')).toMatch(/^✗ uv: not found\. Recommended: install uv \(https:/);
    expect(lineOf(ended, 'python')).toMatch(/^✗ python: not found\. Install Python 3\.11 .*, or uv \(https:/);
    expect(lineOf(ended, 'docker')).toMatch(/^✗ docker: not usable\. Docker is not installed .*apt install docker\.io/);
    expect(lineOf(ended, 'package index')).toMatch(/^✗ package index: .* cannot be reached: .*Check the network/);
    expect(lineOf(ended, 'Sandbox: none')).toMatch(/^✗ .*bubblewrap is not installed.*apt install bubblewrap/);
    expect(ended.out).not.toContain('No problems found');
  });

  test.each<[string, Machine, Record<string, RegExp>, number]>([
    [
      'without Python, with uv',
      { programs: { uv: UV } },
      { uv: /^✓ uv 0\.9\.0 \/usr\/local\/bin\/uv$/, python: /^ {2}python: not found\.$/ },
      0,
    ],
    [
      'without uv, with Python',
      { programs: { 'python3.11': PYTHON } },
      { uv: /^ {2}uv: not found\. Recommended/, python: /^✓ python 3\.11\.2 \/usr/ },
      0,
    ],
    [
      'whose Python has no venv',
      { programs: { 'python3.11': PYTHON_WITHOUT_VENV } },
      {
        python:
          /^✗ python: not usable\. \/usr\/local\/bin\/python3\.11 cannot make environments.*sudo apt install python3\.11-venv\. Or install uv/,
      },
      1,
    ],
    [
      'whose Python has no venv, with uv',
      { programs: { uv: UV, 'python3.11': PYTHON_WITHOUT_VENV } },
      { python: /^✓ python 3\.11\.2 \/usr\/local\/bin\/python3\.11$/ },
      0,
    ],
    [
      'where bubblewrap may not confine',
      { programs: { uv: UV, bwrap: FORBIDDEN } },
      {
        'Sandbox: none':
          /^✗ .*bubblewrap \(\/usr\/local\/bin\/bwrap\) cannot make a sandbox here \(bwrap: setting up uid map: Permission denied\)\. \S+/,
      },
      0,
    ],
    [
      'without an engine behind Docker’s socket',
      { programs: { uv: UV }, environment: { DOCKER_HOST: 'unix:///run/none.sock' } },
      { docker: /^ {2}docker: not usable\. .*\/run\/none\.sock/ },
      0,
    ],
  ])('%s', async (_what, machine, lines, code) => {
    const ended = await doctorOn({ ...machine, environment: { ...OFFLINE, ...machine.environment } });
    expect([ended.code, ended.err], ended.out).toEqual([code, '']);
    for (const [begins, expected] of Object.entries(lines)) expect(lineOf(ended, begins), ended.out).toMatch(expected);
  });

  testWith(['unprivileged'], 'whose Docker this user may not use', async () => {
    const socket = join(workplace.directory, 'docker.sock');
    const engine = createServer(() => {});
    servers.push(engine);
    await new Promise<void>((resolve) => engine.listen(socket, resolve));
    await chmod(socket, 0o000);
    const ended = await doctorOn({
      programs: { uv: UV },
      environment: { ...OFFLINE, DOCKER_HOST: `unix://${socket}` },
    });
    expect(lineOf(ended, 'docker')).toContain('may not be used by this user. Run: sudo usermod -aG docker');
  });

  test('whose package index refuses, or never answers: the registry is still checked', async () => {
    const free = createServer();
    const closed = await listen(free);
    await new Promise((resolve) => free.close(resolve));
    const silent = await listen(createServer(() => {}));
    const on = (port: number): Promise<Ended> =>
      doctorOn({ programs: { uv: UV }, environment: onlyIndex(`http://127.0.0.1:${port}/simple`) });
    const [refused, hung] = await Promise.all([on(closed), on(silent)]);
    expect(lineOf(refused, 'package index')).toMatch(/^✗ .* cannot be reached: .*ECONNREFUSED.* set PIP_INDEX_URL/);
    expect(lineOf(hung, 'package index')).toBe(
      '✗ package index: no answer within 10 s. Check the network and the proxy.',
    );
    for (const ended of [refused, hung])
      expect(lineOf(ended, 'connector registry')).toBe('✓ connector registry: answers');
  });

  testWith(['openssl'], 'behind a network with a certificate of its own', async () => {
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(workplace.directory, name)) as [string, string];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'];
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const port = await listen(createHttps({ key: await readFile(key), cert: await readFile(cert) }));
    const ended = await doctorOn({ environment: onlyIndex(`https://127.0.0.1:${port}/simple`) });
    expect(lineOf(ended, 'package index')).toMatch(/certificate.* Set NODE_EXTRA_CA_CERTS and SSL_CERT_FILE/);
  });

  // Root could create the missing home.
  testWith(['unprivileged'], 'whose user has no home', async () => {
    const options = ['--unshare-user', '--uid', '54321', '--gid', '54321'];
    const nowhere = { HOME: '', XDG_DATA_HOME: '', AIRBYTE_PROJECT_DIR: '', AIRBYTE_MCP_ENV_FILE: '' };
    const homeless = { programs: { uv: UV }, environment: { ...OFFLINE, ...nowhere }, options };
    const ended = await doctorOn(homeless);
    expect([ended.code, ended.err], ended.out).toEqual([1, '']);
    expect(lineOf(ended, 'project directory')).toMatch(/^✗/);
    expect(ended.out).toMatch(/no home directory.*AIRBYTE_PROJECT_DIR/);
    const demo = await typeOn(homeless, 'demo');
    expect([demo.code, demo.err], demo.out).toEqual([1, '']);
    expect(demo.out).toMatch(/cannot write its project: .*\n.*--project-dir PATH/);
  });
});
