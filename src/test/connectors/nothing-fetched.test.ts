/** A machine from which nothing can be fetched: what is wrong in a configuration comes first, and no host that failed is recommended. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { onlyIndex } from '../../connectors/python/package-index.fixture.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

/** uv that answers and installs nothing: the package index is asked before it. */
const UV = '#!/bin/sh\necho "uv 0.9.0"\n';
const CLOSED = '127.0.0.1:9';

async function startWithout(more: Record<string, string> = {}): Promise<void> {
  workplace = await makeWorkplace("ORCHARD_API_KEY='an-orchard-key-8842'\n");
  const programs = join(workplace.directory, 'programs');
  await mkdir(programs);
  await writeFile(join(programs, 'uv'), UV);
  await chmod(join(programs, 'uv'), 0o755);
  server = await startServer({
    workplace,
    environment: {
      PATH: `${programs}:${process.env.PATH}`,
      ...onlyIndex(`http://${CLOSED}/simple`),
      HTTPS_PROXY: undefined as unknown as string,
      DOCKER_HOST: `unix://${workplace.directory}/none.sock`,
      ...more,
    },
  });
}

const BRAMBLE = { connector: 'source-bramble-crm' };
const WRONG = {
  region: 'eu',
  credentials: { auth_type: 'api_key', api_key: 'a-key-typed-into-the-chat' },
  accounts: 7,
};

test('a literal secret, a missing field and a wrong type are all reported before anything is fetched', async () => {
  await startWithout();
  for (const [tool, more] of [
    ['validate_config', {}],
    ['validate_config', { runtime: 'python' }],
    ['validate_config', { version: '2.0.9' }],
  ] as const) {
    const found = await server.call<{ valid: boolean; problems: { path: string; message: string }[] }>(tool, {
      ...BRAMBLE,
      ...more,
      config: WRONG,
    });
    expect(found.valid).toBe(false);
    const paths = found.problems.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['credentials.api_key', 'accounts']));
    expect(found.text).not.toContain('a-key-typed-into-the-chat');
  }
  const saved = await server.fail('save_source', { name: 'crm', ...BRAMBLE, config: { region: 'eu' } });
  expect(saved).toMatchObject({ code: 'invalid_config', problems: [{ path: 'credentials' }] });
  expect(await server.call('list_sources')).toMatchObject({ total: 0 });
});

test('a host that failed is named with its time, is not recommended, and is asked again when nothing else is left', async () => {
  await startWithout();
  const before = await server.call('get_connector_info', BRAMBLE);
  expect(before).toMatchObject({
    runs_here: true,
    runtimes: [
      { runtime: 'python', state: 'download', reason: `needs a download from ${CLOSED} by uv 0.9.0` },
      { state: 'missing' },
    ],
  });
  const listed = await server.call('list_connectors', { search: 'bramble' });
  expect(listed).toMatchObject({ connectors: [{ here: 'download' }] });
  const notReady = (text: string): string => /^What is not ready here: .*$/m.exec(text)?.[0] ?? '';
  expect(notReady(listed.text)).toMatch(/python needs a download from .*docker does not work/);
  // Of each connector only the runtimes that it has.
  expect(notReady(listed.text)).not.toContain('manifest');
  for (const [search, own, others] of [
    ['larch', /docker/, /python|manifest/],
    ['orchard', /manifest.*docker/, /python /],
  ] as const) {
    const shown = notReady((await server.call('list_connectors', { search })).text);
    expect(shown).toMatch(own);
    expect(shown).not.toMatch(others);
  }

  const valid = { region: 'eu', credentials: { auth_type: 'api_key', api_key: 'secret_reference::ORCHARD_API_KEY' } };
  const failed = await server.fail('validate_config', { ...BRAMBLE, config: valid });
  expect(failed.code).toBe('package_index_unreachable');
  expect(failed.text).not.toContain('works here');

  const after = await server.call('get_connector_info', BRAMBLE);
  expect(after).toMatchObject({ runs_here: false, runtimes: [{ state: 'unreachable' }, { state: 'missing' }] });
  expect(after.text).toMatch(/127\.0\.0\.1:9 could not be reached at \d\d:\d\d UTC/);
  const then = await server.call('list_connectors', { search: 'bramble' });
  expect(then).toMatchObject({ connectors: [{ here: 'unreachable' }] });
  expect(await server.call('get_status')).toMatchObject({ hosts: [{ host: CLOSED, reached: false }] });

  const again = await server.fail('validate_config', { ...BRAMBLE, config: valid });
  expect(again.code).toBe('package_index_unreachable');
});
