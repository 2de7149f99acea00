/** What a connector is given of the machine and what it may take, in the Python runtime and as a program; through the binary. */
import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { leftRunning } from '../../connectors/connector-context.fixture.ts';
import { onlyIndex, startIndex, type TestIndex } from '../../connectors/python/package-index.fixture.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, expectNothingRuns, namesIn, waitUntil } from '../harness/machine.ts';
import { describeWith } from '../harness/requirements.ts';
import { FIXTURE_CONNECTORS, makeWorkplace, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

const UNTAMED = join(FIXTURE_CONNECTORS, 'source_untamed.py');
const NAME = 'airbyte-source-untamed';

interface Report {
  readonly environment: Record<string, string>;
  readonly folder: string;
  readonly core: number[];
  readonly files: number;
  readonly mode: number;
  readonly temporary: string;
  readonly temporary_real: string;
  readonly user_site: boolean;
  readonly oom_score_adj: number | null;
  readonly open_files: number[];
}

for (const runtime of ['python', 'executable'] as const) {
  describeWith(['python'], `a hostile connector (${runtime})`, () => {
    let index: TestIndex;
    let workplace: Workplace;
    let server: TestServer;
    let connector = 'source-untamed';

    beforeAll(async () => {
      const source = await readFile(UNTAMED, 'utf8');
      index = await startIndex([
        { name: NAME, version: '1.0.0', program: 'source-untamed', modules: { airbyte_source_untamed: source } },
      ]);
      workplace = await makeWorkplace("A_TOKEN='the-token-of-nobody-1234'\n");
      const registry = join(workplace.directory, 'registry.json');
      await writeFile(registry, await registryWithUntamed());
      const folder = join(workplace.directory, 'connectors');
      await mkdir(folder);
      if (runtime === 'executable') connector = await copyConnector(workplace, UNTAMED);
      workplace = {
        ...workplace,
        environment: {
          ...workplace.environment,
          AIRBYTE_LOCAL_REGISTRY: registry,
          SLUICE_ALLOW_EXECUTABLES: folder,
          ...onlyIndex(index.url),
          SOME_PASSWORD: 'of-the-shell-that-started-it',
          PYTHONPATH: '/somewhere/else',
          LD_PRELOAD: '',
        },
      };
    });
    afterAll(async () => {
      await index?.close();
      await workplace?.remove();
    });
    beforeEach(async () => {
      // A careless parent leaves files open.
      server = await start();
    });
    afterEach(() => server.close());

    const start = (environment: Record<string, string> = {}): Promise<TestServer> =>
      startServer({ workplace, before: ['python3', '-c', CARELESS], environment });
    const check = (config: object): Promise<{ check_message: string; text: string }> =>
      server.call('validate_config', { connector, runtime, config });
    const runs = (): Promise<string[]> => namesIn(join(workplace.project, 'runs'));

    test('gets a folder of its own, a scrubbed environment, sane limits and no open file of the server', async () => {
      const { check_message: message } = await check({ behaviour: 'report' });
      const given = JSON.parse(message) as Report;
      const inherited = Object.keys(given.environment).filter((name) => !ALLOWED.test(name));
      expect(inherited).toEqual([]);
      expect(given.folder).toContain(join(workplace.project, 'runs'));
      expect(given.core).toEqual([0, 0]);
      expect(given.files).toBeLessThanOrEqual(4096);
      expect(given.files).toBeGreaterThanOrEqual(256);
      expect(given.mode).toBe(0o600);
      const { sandbox } = await server.call<{ sandbox: { kind: string } }>('get_status');
      const isConfined = sandbox.kind === 'bubblewrap';
      expect(given.temporary_real).toBe(isConfined ? '/tmp' : join(given.folder, 'tmp'));
      if (isConfined) expect(given.environment.HOME).toBe(join(given.folder, 'home'));
      // A socket that Python makes there must fit into 103 characters.
      expect(given.temporary.length).toBeLessThanOrEqual(70);
      expect(given.user_site).toBe(false);
      if (process.platform === 'linux') expect(given.oom_score_adj).toBe(500);
      expect(given.open_files).toEqual([]);
      expect(await runs()).toEqual([]);
      if (!isConfined) await expect(readlink(given.temporary)).rejects.toThrow('ENOENT');
    });

    test('that forks without end is stopped with all its processes, and the error reports it', async () => {
      const started = Date.now();
      const error = await server.fail('validate_config', { connector, runtime, config: { behaviour: 'bomb' } });
      expect(error).toMatchObject({ kind: 'connector', code: 'connector_overrun' });
      expect(error.message).toMatch(/had started \d+ processes and was ended; at most \d+ may run at once/);
      expect(Date.now() - started).toBeLessThan(20_000);
      await expectNothingRuns(workplace);
      expect(await runs()).toEqual([]);
    });

    test('that exceeds its memory limit is stopped, and the setting is named', async () => {
      await server.close();
      server = await start({ SLUICE_CONNECTOR_MEMORY: '256m' });
      const error = await server.fail('validate_config', { connector, runtime, config: { behaviour: 'greedy' } });
      expect(error).toMatchObject({
        code: 'connector_overrun',
        next: expect.stringContaining('SLUICE_CONNECTOR_MEMORY'),
      });
      expect(error.message).toContain('SLUICE_CONNECTOR_MEMORY allows 256 MiB');
      await expectNothingRuns(workplace);
    });

    test('that leaves a daemon without a mark is survived by nothing', async () => {
      // A number by which its command line is known.
      const seconds = 5_000_000 + (process.pid % 100_000) * 10 + (runtime === 'python' ? 1 : 2);
      const command = `time.sleep(${seconds})`;
      const checking = check({ behaviour: 'daemon', seconds });
      await waitUntil(async () => (await leftRunning(command)).length > 0);
      await checking;
      expect(await leftRunning(command)).toEqual([]);
    });

    test('that ignores signals stops within a second after the client disconnects', async () => {
      const call = server.client
        .callTool({ name: 'validate_config', arguments: { connector, runtime, config: { behaviour: 'deaf' } } })
        .catch(() => {});
      await waitUntil(async () => (await namesIn(join(workplace.project, 'runs'))).length === 1);
      await waitUntil(async () => {
        const [run = ''] = await runs();
        return (await namesIn(join(workplace.project, 'runs', run))).includes('process.json');
      });
      await server.close();
      await call;
      await expectNothingRuns(workplace);
    });

    test('that leaves a child with its output, or files wherever it may, leaves nothing', async () => {
      expect((await check({ behaviour: 'hold' })).check_message).toBe('hold');
      expect((await check({ behaviour: 'litter' })).check_message).toBe('litter');
      await expectNothingRuns(workplace);
      expect(await runs()).toEqual([]);
    });
  });
}

/** Becomes the server, with files open that are none of its business. */
const CARELESS = `import os, sys
for fd in (5, 77, 251): os.dup2(os.open(os.devnull, os.O_RDONLY), fd, inheritable=True)
os.execvp(sys.argv[1], sys.argv[1:])`;

/** What a connector may see, and what it is given: macOS and the shims of pyenv add names of their own. */
const ALLOWED =
  /^(PATH|HOME|LANG|LANGUAGE|LC_[A-Z]+|TMPDIR|TZ|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PYTHONUTF8|PYTHONNOUSERSITE|SLUICE_RUN|_?PYENV_[A-Z_]+|PWD|OLDPWD|SHLVL|_|__CF_USER_TEXT_ENCODING)$/i;

async function registryWithUntamed(): Promise<string> {
  const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as { sources: Record<string, unknown>[] };
  const untamed = {
    ...registry.sources[0],
    sourceDefinitionId: '3f0e5f0c-97c1-4a57-9ab5-6d1f6c2f3b12',
    name: 'Untamed',
    dockerRepository: 'airbyte/source-untamed',
    dockerImageTag: '1.0.0',
    releases: undefined,
    remoteRegistries: { pypi: { enabled: true, packageName: NAME } },
  };
  return JSON.stringify({ ...registry, sources: [...registry.sources, untamed] });
}
