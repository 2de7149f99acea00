/** Python connectors through the binary, from a package index on loopback: what cannot be had, what is interrupted, what is asked twice. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { onlyIndex, startIndex, type TestIndex } from '../../connectors/python/package-index.fixture.ts';
import { callOut } from '../harness/calls.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingRuns, namesIn, waitUntil } from '../harness/machine.ts';
import { describeWith } from '../harness/requirements.ts';
import { makeWorkplace, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

// pip takes minutes where uv takes seconds.
vi.setConfig({ testTimeout: 300_000 });

const PACKAGE = { name: 'airbyte-source-pebble', program: 'source-pebble' };
const PEBBLE = { connector: 'source-pebble', config: {} };

describeWith(['python'], 'a connector from a package index', () => {
  let index: TestIndex;
  let workplace: Workplace;
  let server: TestServer;

  beforeAll(async () => {
    index = await startIndex([
      { ...PACKAGE, version: '1.0.0' },
      { ...PACKAGE, version: '1.1.0' },
      { ...PACKAGE, version: '1.2.0', requiresPython: '>=4.2' },
      { ...PACKAGE, version: '0.9.0', requiresPython: '>=2.7,<3.0' },
    ]);
  });
  afterAll(() => index.close());
  beforeEach(async () => {
    workplace = await workplaceWithPebble();
    server = await start();
  });
  afterEach(async () => {
    await server.close();
    await expectNothingRuns(workplace);
    await workplace.remove();
  });
  const start = (where = workplace): Promise<TestServer> =>
    startServer({
      workplace: where,
      environment: onlyIndex(index.url),
    });
  const versionsHere = (): Promise<string[]> => namesIn(join(workplace.project, 'connectors', 'source-pebble'));
  const downloads = (version: string): number =>
    index.asked.filter((path) => path.includes(`pebble-${version}-`)).length;
  /** How often an installation in another project, that nobody gives up, asks for the package's files. */
  const undisturbedDownloads = async (): Promise<number> => {
    const before = downloads('1.1.0');
    const elsewhere = await workplaceWithPebble();
    const other = await start(elsewhere);
    await other.call('validate_config', PEBBLE).finally(() => other.close());
    await elsewhere.remove();
    return downloads('1.1.0') - before;
  };

  test('in a version that does not exist is refused, with those that do, and nothing is left of it', async () => {
    const error = await server.fail('validate_config', { ...PEBBLE, version: '1.0.7' });
    expect(error).toMatchObject({ kind: 'input', code: 'unknown_version' });
    expect(error.next).toContain('1.1.0');
    expect(await versionsHere()).not.toContain('1.0.7');
  });

  test.each([
    ['1.2.0', '>=4.2'],
    ['0.9.0', '<3.0'],
  ])('that needs an unavailable Python (%s, %s) is an error that names it', async (version, needs) => {
    const error = await server.fail('validate_config', { ...PEBBLE, version });
    expect(error).toMatchObject({ kind: 'setup', code: 'python_missing' });
    expect(error.message).toContain(needs);
    expect(await versionsHere()).not.toContain(version);
    expect(downloads(version)).toBe(0);
  });

  test('is installed once by two concurrent calls, here and in a second server', async () => {
    const other = await start();
    try {
      const config = { note: 'another configuration is another call' };
      const progress: string[][] = [[], [], []];
      const listen = (at: number) => ({ onProgress: (message: string) => void progress[at]?.push(message) });
      const answers = await Promise.all([
        server.call('validate_config', PEBBLE, listen(0)),
        server.call('validate_config', { ...PEBBLE, config }, listen(1)),
        other.call('validate_config', PEBBLE, listen(2)),
      ]);
      for (const answer of answers) expect(answer).toMatchObject({ valid: true, version: '1.1.0', runtime: 'python' });
      // Both calls of one server hear of its work; the other server waits for it, or finds it done.
      const [first = [], second = [], third = []] = progress;
      const installs = [[...first, ...second], third].filter((messages) =>
        messages.some((message) => message.startsWith('installing ')),
      );
      expect(installs).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test('whose installation died with its server is installed again by the next, and half of it never counts', async () => {
    const progress: string[] = [];
    const first = await start();
    const call = first
      .call('validate_config', PEBBLE, { onProgress: (message) => progress.push(message) })
      .catch(() => {});
    await waitUntil(() => progress.some((message) => message.startsWith('installing')));
    process.kill(first.pid, 'SIGKILL');
    await call;
    await first.close();
    expect(await server.call('validate_config', PEBBLE)).toMatchObject({ valid: true, version: '1.1.0' });
    const status = await server.call<{ connectors: { installed: object[] } }>('get_status');
    expect(JSON.stringify(status)).toContain('source-pebble');
    const asked = index.asked.length;
    expect(await server.call('validate_config', PEBBLE)).toMatchObject({ valid: true });
    expect(index.asked.length).toBe(asked);
  });

  test('that a client gives up continues, and the next call joins it', async () => {
    const ofOne = await undisturbedDownloads();
    const before = downloads('1.1.0');
    const controller = new AbortController();
    const onProgress = (message: string): void => {
      if (message.startsWith('installing')) controller.abort();
    };
    const call = server.call('validate_config', PEBBLE, { signal: controller.signal, onProgress });
    await expect(call).rejects.toThrow();
    await callOut(server, 'validate_config', PEBBLE);
    // Both calls together fetch what one installation fetches: nothing is begun a second time.
    expect(downloads('1.1.0') - before).toBe(ofOne);
    expect(await server.call('validate_config', PEBBLE)).toMatchObject({ valid: true, version: '1.1.0' });
    expect(await readdir(join(workplace.project, 'connectors', 'source-pebble'))).toContain('1.1.0');
  });
});

async function workplaceWithPebble(): Promise<Workplace> {
  const workplace = await makeWorkplace();
  const registry = join(workplace.directory, 'registry.json');
  await writeFile(registry, await registryWithPebble());
  return { ...workplace, environment: { ...workplace.environment, AIRBYTE_LOCAL_REGISTRY: registry } };
}

/** The small registry, and one connector more, made of its first. */
async function registryWithPebble(): Promise<string> {
  const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as { sources: Record<string, unknown>[] };
  const pebble = {
    ...registry.sources[0],
    sourceDefinitionId: '3f0e5f0c-97c1-4a57-9ab5-6d1f6c2f3b11',
    name: 'Pebble',
    dockerRepository: 'airbyte/source-pebble',
    dockerImageTag: '1.1.0',
    releases: undefined,
    remoteRegistries: { pypi: { enabled: true, packageName: PACKAGE.name } },
  };
  return JSON.stringify({ ...registry, sources: [...registry.sources, pebble] });
}
