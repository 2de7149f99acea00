/** Literal secrets, files, references and errors: what an assistant typed or a person wrote is shown by name or not at all. */
import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG, ENV_FILE, echoSource, HIDDEN, ref } from '../harness/echo-source.ts';
import { type RawServer, startRaw } from '../harness/raw.ts';
import { tracesIn, tracesInFiles } from '../harness/traces.ts';
import { ECHO_SOURCE, makeWorkplace, type Workplace } from '../harness/workplace.ts';

/** Literals that no store knows. */
const TYPED = {
  TYPED: 'typed-by-the-assistant-8Kd2',
  FILED: 'written-into-a-file-5Jq9-zz',
  FILE_NUMBER: '907216534488',
};
const NESTED = 'held-by-one-secret-3Vx8-yy';
const SEEN_NOWHERE = { ...HIDDEN, ...TYPED, NESTED };
const MORE = `WHOLE_CONFIG='{"token":"${NESTED}","level":"low"}'\nBROKEN_CONFIG='token: [${NESTED}'\nLISTED='["secret_reference::X"]'\n`;

interface Answer {
  readonly valid?: boolean;
  readonly problems: { path: string; message: string; fix: string }[];
  readonly error?: { kind: string; code: string; message: string; problems: { path: string; message: string }[] };
}

let workplace: Workplace;
let server: RawServer;
let mine: string;

beforeAll(async () => {
  workplace = await makeWorkplace(ENV_FILE + MORE);
  mine = join(workplace.directory, 'mine');
  await mkdir(mine);
  server = startRaw(workplace, { SLUICE_CONFIG_DIRS: workplace.directory });
  await server.initialize();
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});
afterEach(async () => {
  expect(tracesIn(server.stdout(), SEEN_NOWHERE), 'stdout').toEqual([]);
  expect(tracesIn(server.stderr(), SEEN_NOWHERE), 'stderr').toEqual([]);
  expect(await tracesInFiles(workplace, SEEN_NOWHERE)).toEqual([]);
});

async function validate(args: Record<string, unknown>): Promise<Answer> {
  const { result } = await server.callTool('validate_config', {
    connector: ECHO_SOURCE,
    runtime: 'executable',
    ...args,
  });
  return result?.structuredContent as unknown as Answer;
}

const pathsOf = ({ problems }: Answer): string[] => problems.map(({ path }) => path).sort();

describe('a literal in a secret field is refused with the reference to write, and is not stored', () => {
  test.each([
    ['at the top', { token: TYPED.TYPED }, ['token']],
    ['in an array', { token: CONFIG.token, list: [CONFIG.token, TYPED.TYPED] }, ['list[1]']],
    ['in a branch', { token: CONFIG.token, auth: { kind: 'key', key: TYPED.TYPED } }, ['auth.key']],
    ['as a number', { token: CONFIG.token, pin: Number(TYPED.FILE_NUMBER) }, ['pin']],
    ['in a field of the wrong type', { token: [TYPED.TYPED] }, ['token']],
    ['in a configuration that is text', JSON.stringify({ token: TYPED.TYPED }), ['token']],
  ])('%s', async (_place, config, paths) => {
    const answer = await validate({ config });
    expect(answer.valid).toBe(false);
    expect(pathsOf(answer).map((path) => path.replace(/^token\[0\]$/, 'token'))).toEqual(expect.arrayContaining(paths));
    expect(answer.problems.some(({ fix }) => fix.includes('secret_reference::'))).toBe(true);
    const saved = await server.callTool('save_source', {
      name: 'typed',
      connector: ECHO_SOURCE,
      runtime: 'executable',
      config,
    });
    expect(saved.result?.isError).toBe(true);
  });

  test.each([
    ['under a mistyped argument', { configuration: { token: TYPED.TYPED } }],
    ['in a configuration inside an array', { config: [{ token: TYPED.TYPED }] }],
    ['as the name of a secret', { config_secret: { token: TYPED.TYPED } }],
    ['as an argument of its own', { token: TYPED.TYPED }],
  ])('%s', async (_place, args) => {
    const answer = await validate(args);
    expect(answer.error).toMatchObject({ kind: 'input', code: expect.stringMatching(/argument/) });
  });

  test('in the same words whether or not it is the value of a secret; elsewhere it is compared with nothing', async () => {
    const problems = async (text: string | undefined): Promise<string> =>
      JSON.stringify((await validate({ config: { token: text, options: { note: text } } })).problems);
    expect(await problems(HIDDEN.TOKEN)).toBe(await problems('typed-by-the-assistant-8Kd2'));
  });
});

describe('a file of the person is used and never shown', () => {
  async function file(name: string, text: string): Promise<string> {
    await writeFile(join(mine, name), text);
    return join(mine, name);
  }

  test('with literals at fields for secrets', async () => {
    const text = `token: ${TYPED.FILED}\npin: ${TYPED.FILE_NUMBER}\nlist:\n  - ${TYPED.FILED}\n`;
    expect(await validate({ config_file: await file('good.yaml', text) })).toMatchObject({ valid: true });
  });

  test.each([
    ['a mistake of YAML', `token: ${TYPED.FILED}\n  pin: [${TYPED.FILED}\n`],
    ['a mistake of JSON', `{"token": "${TYPED.FILED}" "pin": ${TYPED.FILE_NUMBER}}`],
    ['text instead of an object', `"${TYPED.FILED}"`],
    ['an anchor that nobody set', `token: *${TYPED.FILED}\n`],
    ['a key twice', `${TYPED.FILED}: a\n${TYPED.FILED}: b\ntoken: x\n`],
    [
      'wrong types',
      `token: [${TYPED.FILED}]\nlevel: ${TYPED.FILED}\nnote: ${TYPED.FILED}\nport: ${TYPED.FILE_NUMBER}\n`,
    ],
    ['a secret in a text around a reference', `token: "${TYPED.FILED} ${ref('ECHO_TOKEN')}"\n`],
  ])('with %s', async (_mistake, text) => {
    const answer = await validate({ config_file: await file('bad.yaml', text) });
    expect(answer.valid === false || answer.error !== undefined).toBe(true);
    expect(JSON.stringify(answer)).toMatch(/line \d|token|level|config_file/);
  });

  test('unless it is the env file, by its own name or another', async () => {
    await symlink(workplace.envFile, join(mine, 'link.yaml'));
    await link(workplace.envFile, join(mine, 'hard.yaml'));
    for (const path of [workplace.envFile, join(mine, 'link.yaml'), join(mine, 'hard.yaml')]) {
      const answer = await validate({ config_file: path });
      expect(answer.valid).not.toBe(true);
      expect(JSON.stringify(answer)).toContain('env file');
    }
  });
});

describe('a secret that contains a configuration is used and never shown', () => {
  test('when it is good, and when it cannot be read', async () => {
    expect(await validate({ config_secret: 'WHOLE_CONFIG' })).toMatchObject({ valid: true });
    const broken = await validate({ config_secret: 'BROKEN_CONFIG' });
    expect(broken).toMatchObject({ valid: false, problems: [{ path: 'config_secret' }] });
    expect(await validate({ config_secret: 'WHOLE_CONFIGS' })).toMatchObject({
      problems: [{ fix: expect.stringContaining('WHOLE_CONFIG') }],
    });
  });
});

describe('an invalid reference is reported by its path and its name', () => {
  test('unknown names, longer texts, arrays, branches, fields that are not secret, wrong types', async () => {
    const config = {
      token: ref('ECHO_TOKE'),
      url: `postgres://reader:${ref('ECHO_PASSWORD')}@db`,
      list: [ref('ECHO_LISTS_KEY')],
      auth: { kind: 'user', user: ref('ECHO_OTHER_KEY'), password: ref('NO_SUCH_KEY') },
      note: ref('ECHO_TOKEN'),
      port: ref('ECHO_HOST'),
      pin: ref('ECHO_TOKEN'),
      settings: ref('ECHO_PASSWORD'),
    };
    const answer = await validate({ config });
    expect(pathsOf(answer)).toEqual(['auth.password', 'auth.user', 'list[0]', 'note', 'settings', 'token', 'url']);
    expect(answer.problems.find(({ path }) => path === 'token')?.fix).toContain('ECHO_TOKEN');
  });

  test('a secret value that breaks a rule of the schema is left to the connector', async () => {
    const config = { ...CONFIG, level: ref('ECHO_HOST'), note: ref('ECHO_HOST'), port: ref('ECHO_HOST') };
    const answer = await validate({ config });
    expect(answer).toMatchObject({ valid: true, problems: [] });
    expect(JSON.stringify(answer)).not.toContain('db.example.org');
  });

  test('numbers, objects and leaves of a JSON value may be referred to', async () => {
    const account = `${ref('ECHO_ACCOUNT_KEY')}#/private_key`;
    expect(
      await validate({
        config: {
          token: account,
          port: ref('ECHO_PORT'),
          pin: ref('ECHO_PIN_KEY'),
          options: ref('ECHO_ACCOUNT_KEY'),
        },
      }),
    ).toMatchObject({ valid: true });
  });
});

describe('names and SQL that contain a secret', () => {
  test('are repeated without it, and it is not in the audit', async () => {
    const token = HIDDEN.TOKEN ?? '';
    const calls: [string, Record<string, unknown>][] = [
      ['list_streams', { source: token }],
      ['get_sync', { sync_id: token }],
      ['get_connector_info', { connector: token }],
      ['validate_config', { ...echoSource(), connector: `/tmp/${token}` }],
      ['save_source', { name: token, ...echoSource() }],
      ['describe_data', { dataset: token, table: token }],
      ['query', { sql: `SELECT '${token}'::INT` }],
      ['query', { sql: `SELECT FROM WHERE '${token}` }],
      ['query', { sql: `SELECT "${token}" FROM "${token}"."${token}"` }],
      ['query', { sql: `SELECT '${token}' AS "${token}"`, dry_run: true }],
      ['list_secrets', { search: token }],
      [token, {}],
    ];
    for (const [tool, args] of calls) await server.callTool(tool, args);
  });
});

describe('a secret that changes while the server runs', () => {
  test('is used at the next call, and its old value is still redacted', async () => {
    const fresh = 'mdw_live_the-second-value-2Lp8Yt';
    await workplace.writeEnvFile((ENV_FILE + MORE).replace(HIDDEN.TOKEN ?? '', fresh));
    const answer = await validate(echoSource({ note: 'a', fail: 'check', options: { old: ref('ECHO_HOST') } }));
    expect(JSON.stringify(answer)).toContain('[secret:ECHO_TOKEN]');
    await server.callTool('query', { sql: `SELECT '${HIDDEN.TOKEN}'::INT` });
    expect(tracesIn(server.stdout(), { fresh })).toEqual([]);
    expect(tracesIn(server.stderr(), { fresh })).toEqual([]);
  });
});
