/** What a person meets in a terminal: help, mistakes, and doctor, with and without any problem. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer } from '../harness/client.ts';
import { type Ended, startTyped } from '../harness/terminal.ts';
import { BINARY, makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
beforeEach(async () => {
  workplace = await makeWorkplace("SHOP_TOKEN='token-of-the-shop-1'\n");
});
afterEach(() => workplace.remove());

const type = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
  startTyped(workplace, args, environment).ended;

describe('words', () => {
  test.each([['--help'], ['-h'], ['help'], ['doctor', '--help']])(
    '%s %s: the commands and options, on stdout',
    async (...args) => {
      const { code, out, err } = await type(args.filter((word) => word !== undefined));
      expect([code, err]).toEqual([0, '']);
      for (const word of ['doctor', 'demo', 'sync NAME', 'syncs', 'Exit status', '--env-file', '--project-dir'])
        expect(out).toContain(word);
    },
  );

  test.each(['--version', '-v', 'version'])('%s: the version alone', async (word) => {
    const manifest = JSON.parse(await readFile(join(dirname(BINARY), '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await type([word])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  test.each([
    [['doctr'], 'There is no command "doctr". Did you mean doctor?'],
    [['doctor', '--env-flie', 'x'], 'There is no option "--env-flie". Did you mean --env-file?'],
    [['doctor', 'extra'], '"doctor" takes no further words: extra'],
    [['sync'], '"sync" needs NAME.'],
    [['sync', 'shop', 'garden'], '"sync" takes no further words: garden'],
    [['sync', 'shop', '--limit', '3'], '"sync" takes no option --limit.'],
    [['doctor', '--restart'], '"doctor" takes no option --restart.'],
    [['remove', 'source'], '"remove" needs NAME.'],
    [['syncs', '--limit', 'many'], '--limit takes a number from 1 to 1000.'],
    [['sync', 'shop', '--restrat'], 'There is no option "--restrat". Did you mean --restart?'],
    [['doctor', '--project-dir'], "'--project-dir <value>' argument missing"],
  ])('a mistake %j is reported on stderr, with the way to the help', async (args, message) => {
    const { code, out, err } = await type(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err.split('\n')).toEqual([expect.any(String), 'All commands and options: sluice-mcp --help', '']);
  });
});

describe('doctor', () => {
  const environmentOf = (text: object): Record<string, string> => text as Record<string, string>;

  test('in an empty home, with nothing set: where things will be, and no problems', async () => {
    const { code, out, err } = await type(['doctor'], { XDG_DATA_HOME: join(workplace.directory, 'data') });
    // Whatever this machine lacks is marked with a cross; only without uv and Python nothing runs.
    const canRun = /✓ (uv|python) /.test(out);
    expect([code, out.includes('No problems found')]).toEqual([canRun ? 0 : 1, !out.includes('✗')]);
    expect(out).toMatch(/[✓✗] package index: /);
    expect(err).toBe('');
    expect(out).toContain('env file: not set. To use secrets, set AIRBYTE_MCP_ENV_FILE');
    expect(out).toMatch(/SLUICE_SAFE_MODE +on +default/);
    expect(await readdir(join(workplace.directory, 'data', 'sluice')), 'looking makes no known project').not.toContain(
      'projects.json',
    );
  });

  test('every problem with its fix', async () => {
    await chmod(workplace.envFile, 0o644);
    await writeFile(workplace.envFile, 'SHORT_PASSWORD=abc\nCUT_TOKEN=abcdefgh #ijkl\n');
    const { code, out } = await type(['doctor'], {
      AIRBYTE_MCP_ENV_FILE: workplace.envFile,
      AIRBYTE_PROJECT_DIR: '~/project',
      SLUICE_READONLY_MODE: 'perhaps',
      AIRBYTE_OFLINE_MODE: '1',
    });
    expect(code).toBe(1);
    const problems = out.slice(out.indexOf('Problems'));
    expect(problems).toContain(`chmod 600 ${workplace.envFile}`);
    expect(problems).toContain('SHORT_PASSWORD');
    expect(problems).toContain('CUT_TOKEN');
    expect(problems).toContain('Write the absolute path, such as');
    expect(problems).toContain('SLUICE_READONLY_MODE');
    expect(problems).toMatch(/AIRBYTE_OFLINE_MODE.*AIRBYTE_OFFLINE_MODE/);
    expect(out).not.toMatch(/abcdefgh|ijkl/);
  });

  test.each([
    ['missing', '/no/such/place.env'],
    ['relative', 'rel.env'],
  ])('an env file that is %s is reported once', async (_what, value) => {
    const { code, out } = await type(['doctor'], environmentOf({ AIRBYTE_MCP_ENV_FILE: value }));
    expect(code).toBe(1);
    const problems = out.slice(out.indexOf('Problems'));
    expect(problems.split('\n').filter((line) => line.includes(value))).toHaveLength(1);
  });

  test('typed paths are meant from where the person is', async () => {
    await mkdir(join(workplace.directory, 'mine'));
    const { out } = await type(['doctor', '--env-file', './test.env', '--project-dir', 'mine']);
    expect(out).toContain(`project directory: ${join(workplace.directory, 'mine')}`);
    expect(out).toContain(`env file: ${workplace.envFile}`);
    expect(out).not.toContain('relative');
  });

  test('what a server has used is found without options, and is what the server reports', async () => {
    const server = await startServer({ workplace });
    await server.call('get_status');
    await server.close();
    const data = environmentOf({ XDG_DATA_HOME: workplace.environment.XDG_DATA_HOME });
    const { out } = await type(['doctor'], data);
    expect(out).toContain(`project directory: ${workplace.project}`);
    expect(out).toContain(`env file: ${workplace.envFile}`);
    const again = await type(['doctor'], data);
    expect(again.out, 'looking changes nothing').toBe(out);
  });

  test('of several projects it asks which, and names them', async () => {
    for (const name of ['one', 'two']) {
      const project = join(workplace.directory, name);
      const server = await startServer({ workplace, environment: { AIRBYTE_PROJECT_DIR: project } });
      await server.call('get_status');
      await server.close();
    }
    const { code, err } = await type(['doctor'], environmentOf({ XDG_DATA_HOME: workplace.environment.XDG_DATA_HOME }));
    expect(code).toBe(2);
    expect(err).toContain(join(workplace.directory, 'one'));
    expect(err).toContain('--project-dir');
  });
});

test.each([['doctor'], ['--help']])('%s ends quietly where its reader has left', async (command) => {
  const typed = startTyped(workplace, [command], { ...workplace.environment, AIRBYTE_OFFLINE_MODE: '1' });
  typed.child.stdout.destroy();
  const { err } = await typed.ended;
  expect(err).toBe('');
});

test('a server that is probed in an empty home leaves nothing there', async () => {
  const home = join(workplace.directory, 'home');
  await mkdir(home);
  const { code, out } = await type([], { HOME: home });
  expect([code, out]).toEqual([0, '']);
  expect(await readdir(home)).toEqual([]);
  expect((await stat(home)).isDirectory()).toBe(true);
});
