/** A destination on Airbyte's own CDK, installed as a Python package: synced into, resumed, put to the test. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingRuns } from '../harness/machine.ts';
import { describeWith } from '../harness/requirements.ts';
import { FIXTURE_CONNECTORS, MEADOW, makeWorkplace, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

// pip takes minutes where uv takes seconds.
vi.setConfig({ testTimeout: 300_000 });

const TOKEN = 'a-token-of-the-lines-4711';
const PACKAGE = join(FIXTURE_CONNECTORS, 'destination-jsonl');

interface Sync {
  state: string;
  records: number;
  errors: unknown[];
  warnings: string[];
  streams: { stream: string; records: number; confirmed: number; committed_state: boolean }[];
}

describeWith(['python', 'pypi'], 'a destination from a Python package', () => {
  let workplace: Workplace;
  let server: TestServer;
  const folder = (): string => join(workplace.open, 'mine');

  beforeAll(async () => {
    workplace = await makeWorkplace(`MEADOW_API_KEY='a-key-of-the-meadow-77'\nLINES_TOKEN=${TOKEN}\n`);
    const wheels = join(workplace.directory, 'wheels');
    await mkdir(wheels);
    // Built as its makers would: what is installed is the package, not its source.
    await promisify(execFile)('python3', ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '-w', wheels, PACKAGE]);
    const registry = join(workplace.directory, 'registry.json');
    await writeFile(registry, await registryWithJsonl());
    const links = [wheels, process.env.PIP_FIND_LINKS ?? ''].join(' ').trim();
    server = await startServer({
      workplace,
      environment: { AIRBYTE_LOCAL_REGISTRY: registry, UV_FIND_LINKS: links.replace(' ', ','), PIP_FIND_LINKS: links },
    });
    const config = { destination_path: folder(), token: 'secret_reference::LINES_TOKEN' };
    const lines = { name: 'lines', connector: 'destination-jsonl', runtime: 'python', version: '1.0.0', config };
    for (;;) {
      const saved = await server.call<{ state?: string }>('save_destination', lines);
      if (saved.state !== 'in_progress') break;
    }
    await saveMeadow(200);
  }, 600_000);
  afterAll(async () => {
    await server?.close();
    if (workplace) await expectNothingRuns(workplace);
    await workplace?.remove();
  });

  const saveMeadow = (count: number) =>
    server.call('save_source', {
      name: 'meadow',
      connector: MEADOW,
      runtime: 'executable',
      config: { count, batch: 50, api_key: 'secret_reference::MEADOW_API_KEY' },
    });
  const into = (args: Record<string, unknown> = {}) =>
    server.call<Sync>('start_sync', { source: 'meadow', destination: 'lines', wait_seconds: 38, ...args });
  async function written(stream: string): Promise<{ id: number }[]> {
    const text = await readFile(join(folder(), `${stream}.jsonl`), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { id: number }]));
  }

  test('takes what the source reads, returns its states, and continues from them', async () => {
    const first = await into({ streams: ['users', 'notes'] });
    expect(first).toMatchObject({ state: 'complete', records: 400, errors: [], warnings: [] });
    expect(first.streams).toMatchObject([{ confirmed: 200, committed_state: true }, { confirmed: 200 }]);
    await saveMeadow(260);
    expect(await into()).toMatchObject({ state: 'complete', streams: [{ records: 60 }, { records: 260 }] });
    const users = await written('users');
    expect(new Set(users.map(({ id }) => id)).size).toBe(260);
    expect(users).toHaveLength(260);
    expect(await written('notes')).toHaveLength(260);
  }, 90_000);

  test('passes every scenario of the smoke test, by what is read back', async () => {
    let report = await server.call<{ state?: string; passed: boolean; text: string }>('smoke_test_destination', {
      destination: 'lines',
    });
    while (report.state === 'in_progress') {
      report = await server.call('smoke_test_destination', { destination: 'lines' });
    }
    expect(report.passed, report.text).toBe(true);
    expect(report.text.match(/ read back \(/g)).toHaveLength(14);
  }, 180_000);

  test('its token is not in any file of the project', async () => {
    for (const [path, bytes] of await workplace.files(workplace.project)) {
      expect(bytes.includes(TOKEN), path).toBe(false);
    }
  });
});

async function registryWithJsonl(): Promise<string> {
  const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as { destinations: object[] };
  const spec = JSON.parse(await readFile(join(PACKAGE, 'destination_jsonl', 'spec.json'), 'utf8')) as object;
  const jsonl = {
    name: 'JSON lines',
    dockerRepository: 'sluice-test/destination-jsonl',
    dockerImageTag: '1.0.0',
    remoteRegistries: { pypi: { enabled: true, packageName: 'airbyte-destination-jsonl' } },
    spec,
  };
  return JSON.stringify({ ...registry, destinations: [...registry.destinations, jsonl] });
}
