/** Airbyte's own source-file in the sandbox: the connector by which any file of a person could be loaded. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { describeWith } from '../harness/requirements.ts';
import { makeWorkplace, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

// Packages are fetched, and installed by whatever this machine has.
vi.setConfig({ testTimeout: 400_000 });

const SECRET = 'a-secret-of-the-env-file-5d21';

describeWith(['python', 'pypi', 'sandbox'], 'source-file', () => {
  let workplace: Workplace;
  let server: TestServer;
  let closed: string;

  beforeAll(async () => {
    workplace = await makeWorkplace(`SHOP_KEY='${SECRET}'\n`, '/var/tmp');
    const registry = join(workplace.directory, 'registry.json');
    await writeFile(registry, await registryWithFile());
    closed = join(workplace.directory, 'closed');
    await mkdir(closed);
    await writeFile(join(closed, 'mine.csv'), `id,line\n1,${SECRET}\n`);
    await writeFile(join(workplace.open, 'shop.csv'), 'id,name\n1,apple\n2,pear\n');
    server = await startServer({ workplace, environment: { AIRBYTE_LOCAL_REGISTRY: registry } });
  });
  afterAll(async () => {
    await server?.close();
    await workplace?.remove();
  });

  async function untilDone<T>(tool: string, args: object): Promise<T & { text: string }> {
    for (;;) {
      const answer = await server.call<{ state?: string }>(tool, { ...args });
      if (answer.state !== 'in_progress') return answer as T & { text: string };
    }
  }
  const subject = (url: string): object => ({
    connector: 'source-file',
    config: { dataset_name: 'lines', format: 'csv', url, provider: { storage: 'local' } },
  });

  test('loads a file of a folder that is open, and no other', async () => {
    const open = await untilDone<object>('save_source', { name: 'shop', ...subject(join(workplace.open, 'shop.csv')) });
    expect(open).toMatchObject({ name: 'shop' });
    const sync = await untilDone<object>('start_sync', { source: 'shop', wait_seconds: 40 });
    expect(sync).toMatchObject({ state: 'complete', streams: [{ rows: 2 }] });

    const refused = await server.fail('validate_config', { ...subject(workplace.envFile) });
    expect(refused).toMatchObject({ code: 'local_path', problems: [{ path: 'url' }] });
    const hidden = await untilDone<{ valid: boolean }>('validate_config', subject(join(closed, 'mine.csv')));
    expect(hidden.valid).toBe(false);
    expect(hidden.text).not.toContain(SECRET);
    expect(hidden.text).toContain('SLUICE_READ_DIRS');
  });
});

async function registryWithFile(): Promise<string> {
  const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as { sources: Record<string, unknown>[] };
  const file = {
    ...registry.sources[0],
    sourceDefinitionId: '778daa7c-feaf-4db6-96f3-70fd645acc77',
    name: 'File',
    dockerRepository: 'airbyte/source-file',
    dockerImageTag: '0.5.39',
    releases: undefined,
    remoteRegistries: { pypi: { enabled: true, packageName: 'airbyte-source-file' } },
  };
  return JSON.stringify({ ...registry, sources: [...registry.sources, file] });
}
