/** Checks that fail or answer oddly, and env file problems that may be the cause: through the binary, with a scripted connector. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

interface Validation {
  readonly valid: boolean;
  readonly check_message?: string;
  readonly warnings: string[];
}

const CONNECTOR = `#!/usr/bin/env node
import { readFileSync } from 'node:fs';
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
const [verb, , path] = process.argv.slice(2);
const text = { type: 'string' };
const secret = { type: 'string', airbyte_secret: true };
const properties = { status: text, message: text, log: text, password: secret, other: secret };
if (verb === 'spec') say({ type: 'SPEC', spec: { connectionSpecification: { type: 'object', properties } } });
if (verb === 'discover') say({ type: 'CATALOG', catalog: { streams: [{ name: 'users', json_schema: {}, supported_sync_modes: ['full_refresh'] }] } });
if (verb === 'read') process.exit(1);
if (verb === 'check') {
  const { status, message, log, password } = JSON.parse(readFileSync(path, 'utf8'));
  if (log) say({ type: 'LOG', log: { level: 'ERROR', message: log } });
  const right = password === undefined || password === 'p@ss#word';
  say({ type: 'CONNECTION_STATUS', connectionStatus: { status: right ? status : 'FAILED', ...(message === undefined ? {} : { message }) } });
}
`;

const ENV_FILE = `WHOLE=p@ss#word
CUT=p@ss #word
BLANKS='p@ss#word '
TRIMMED=wrong-one\u0020\u0020
CURLY=‘p@ss#word’
`;

let workplace: Workplace;
let server: TestServer;
let connector: string;
beforeAll(async () => {
  workplace = await makeWorkplace(ENV_FILE);
  const folder = join(workplace.directory, 'programs');
  connector = join(folder, 'source-obedient.mjs');
  await mkdir(folder);
  await writeFile(connector, CONNECTOR);
  await chmod(connector, 0o755);
  server = await startServer({
    workplace,
    environment: { SLUICE_ALLOW_EXECUTABLES: folder, SLUICE_CONFIG_DIRS: workplace.directory },
  });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const validate = (config: object): Promise<Validation & { text: string }> =>
  server.call<Validation>('validate_config', { connector, config });

describe('a check', () => {
  test.each(['succeeded', 'Succeeded', ' SUCCEEDED'])('with status %j passes', async (status) => {
    expect(await validate({ status })).toMatchObject({ valid: true });
  });

  test.each([
    { status: 'failed' },
    { status: 'FAILED', message: '' },
    { status: 'FAILED', message: '  ' },
    { status: 'what' },
  ])('that fails with %j and no message gets a message and a next step', async (config) => {
    const { valid, check_message: message } = await validate(config);
    expect(valid).toBe(false);
    expect(message).toMatch(/gave no reason\. Check with the user/);
    const error = await server.fail('save_source', { name: 'silent', connector, config });
    expect(error.text).toContain('gave no reason');
  });

  test('that fails without a message reports what the connector logged', async () => {
    const { check_message: message } = await validate({ status: 'FAILED', log: 'no route to host db.example' });
    expect(message).toContain('no route to host db.example');
  });

  test.each([
    '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:992)',
    'x509: certificate signed by unknown authority',
    'PKIX path building failed: unable to find valid certification path to requested target',
  ])('that does not trust a certificate (%s) names the settings for the certificates of a network', async (message) => {
    const config = { status: 'FAILED', message, password: 'secret_reference::WHOLE' };
    expect((await server.fail('save_source', { name: 'behind', connector, config })).next).toContain(
      'REQUESTS_CA_BUNDLE',
    );
    expect(await validate(config)).toMatchObject({ valid: false, next: expect.stringContaining('SSL_CERT_FILE') });
  });
});

describe('a failed login', () => {
  const login = (name: string): Promise<Validation> =>
    validate({ status: 'SUCCEEDED', password: `secret_reference::${name}`, other: 'secret_reference::WHOLE' });

  test('does not come of a # in a password', async () => {
    expect(await login('WHOLE')).toMatchObject({ valid: true, warnings: [] });
  });

  test.each([
    ['CUT', 'ends before the " #"'],
    ['TRIMMED', 'blanks at the end'],
    ['CURLY', 'typographic'],
  ])('names the secret %s by how it is written', async (name, words) => {
    const { valid, warnings } = await login(name);
    expect(valid).toBe(false);
    expect(warnings.filter((warning) => warning.includes('in the env file'))).toEqual([
      expect.stringMatching(new RegExp(`how ${name} is written in the env file: .*${words}`)),
    ]);
    expect(JSON.stringify(warnings)).not.toContain('p@ss');
  });

  test('names none that is written well', async () => {
    expect((await login('BLANKS')).warnings).toEqual([]);
  });
});

test('merge keys of YAML work in a config_file', async () => {
  const path = join(workplace.directory, 'config.yaml');
  await writeFile(path, '<<: &base\n  message: fine\n  status: FAILED\nstatus: SUCCEEDED\n');
  const answer = await server.call<Validation>('validate_config', { connector, config_file: path });
  expect(answer).toMatchObject({ valid: true, check_message: 'fine' });
});

test('a sync that fails names the secrets whose value was cut', async () => {
  const config = { status: 'SUCCEEDED', other: 'secret_reference::CUT' };
  await server.call('save_source', { name: 'failing', connector, config });
  const { state, warnings } = await server.call<{ state: string; warnings: string[] }>('start_sync', {
    source: 'failing',
    wait_seconds: 30,
  });
  expect(state).toBe('failed');
  expect(warnings.join('\n')).toContain('CUT');
});
