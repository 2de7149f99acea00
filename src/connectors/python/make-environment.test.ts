/** Environments in which a connector does not start at first, and versions that cannot be installed. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeWith } from '../../test/harness/requirements.ts';
import { makeTestContext, type TestContext } from '../connector-context.fixture.ts';
import type { Installed } from '../types.ts';
import { findInterpreters, isOlder } from './interpreters.ts';
import { onlyIndex, startIndex, type TestIndex, type TestPackage } from './package-index.fixture.ts';
import { findUv } from './uv.ts';

vi.setConfig({ testTimeout: 240_000 });

const NAME = 'airbyte-source-old';
const FACTS = { runtimes: ['python' as const], pypiPackage: NAME, version: '1.0.0' };
/** What the dataclasses of CDKs before 1.1 run into. */
const DATACLASS = `import sys
if sys.version_info >= (3, 11):
    raise ValueError("mutable default <class 'airbyte_cdk.JsonDecoder'> for field decoder is not allowed: use default_factory")
`;
const RUN = `import json
def run(): print(json.dumps({'type': 'SPEC', 'spec': {'connectionSpecification': {}}}))
`;
const old = (version: string, module: string, more: Partial<TestPackage> = {}): TestPackage => ({
  name: NAME,
  version,
  program: 'source-old',
  requiresPython: '>=3.8',
  modules: { airbyte_source_old: `${module}\n${RUN}` },
  ...more,
});

const PACKAGES: readonly TestPackage[] = [
  old('1.0.0', DATACLASS),
  old('1.1.0', 'import pkg_resources'),
  old('1.2.0', 'import a_module_that_nobody_has'),
  old('1.3.0', DATACLASS, { requiresPython: '>=3.11' }),
  old('1.4.0', ''),
  old('1.5.0', '', { requiresPython: '>=3.8,<3.9.0a0' }),
  old('1.6.0', '', { dependsOn: ['old-leaf==1.0', 'old-twig==1.0'] }),
  old('1.7.0', '', { dependsOn: ['old-leaf==9.0'] }),
  { name: 'setuptools', version: '80.9.0', modules: { pkg_resources: '' } },
  { name: 'setuptools', version: '82.0.0' },
  { name: 'old-leaf', version: '1.0' },
  { name: 'old-twig', version: '1.0', dependsOn: ['old-leaf==2.0'] },
  { name: 'old-leaf', version: '2.0' },
];

for (const installer of ['pip', 'uv'] as const) {
  const needs = ['python', 'old-python', ...(installer === 'uv' ? (['uv'] as const) : [])] as const;
  describeWith(needs, `an old connector by ${installer}`, () => {
    let index: TestIndex;
    let context: TestContext;
    beforeAll(async () => {
      index = await startIndex(PACKAGES);
      const uv = await findUv({ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' });
      const folders = (process.env.PATH ?? '').split(':');
      const path = folders.filter((folder) => installer === 'uv' || !uv || folder !== join(uv.path, '..')).join(':');
      context = await makeTestContext({ environment: { ...onlyIndex(index.url), PATH: path } });
    });
    afterAll(async () => {
      await context?.remove();
      await index?.close();
    });
    const install = (version: string): Promise<Installed & Error & { next: string }> =>
      context.connectors
        .install({ connector: 'source-old', version, runtime: 'python' }, FACTS, context.control())
        .catch((error: unknown) => error) as never;

    it('that does not start on a new Python gets an older local one, and this is reported', async () => {
      const installed = await install('1.0.0');
      expect(installed).toMatchObject({ version: '1.0.0', newlyInstalled: true });
      expect(installed.reason).toMatch(/^Python 3\.(10|9|8)\.\d+, because it does not start on 3\.11 or newer$/);
      expect(context.reported.join('\n')).toContain('1.0.0 does not start on Python 3.11');
      expect(await context.connectors.spec(installed, context.control())).toEqual({ connectionSpecification: {} });
      const again = await install('1.0.0');
      expect(again).toMatchObject({ newlyInstalled: false, reason: installed.reason });
      const [entry] = await context.connectors.installed();
      expect(entry?.note).toBe(installed.reason);
    });

    // uv would fetch one.
    if (installer === 'pip') {
      it('that has no older Python here reports which to install', async () => {
        const environment = {
          PATH: '/usr/bin:/bin',
          HOME: context.folder,
          PYENV_ROOT: join(context.folder, 'no-pyenv'),
        };
        const poor = await makeTestContext({
          environment: { ...environment, ...onlyIndex(index.url) },
        });
        try {
          const here = await findInterpreters(environment);
          const request = { connector: 'source-old', version: '1.0.0', runtime: 'python' as const };
          const result = await poor.connectors.install(request, FACTS, poor.control()).catch((error: unknown) => error);
          // A machine's own Python may be an old one.
          if (here.some(({ version }) => isOlder(version, '3.11')))
            return expect(result).toHaveProperty('runtime', 'python');
          expect(result).toMatchObject({ kind: 'setup', code: 'python_too_new' });
          expect((result as Error).message).toContain('use default_factory), and here is only 3.1');
          expect((result as { next: string }).next).toContain('Install Python 3.10');
        } finally {
          await poor.remove();
        }
      });
    }

    it('that supports no older Python reports which it needs, and is not retried', async () => {
      const before = context.reported.length;
      const error = await install('1.3.0');
      expect(error).toMatchObject({ kind: 'setup', code: 'python_too_new' });
      expect(error.message).toContain('does not start on Python 3.11 or newer (ValueError: mutable default');
      expect(context.reported.slice(before).filter((text) => text.startsWith('installing'))).toHaveLength(1);
      expect(await readdir(join(context.projectFolder, 'connectors', 'source-old'))).not.toContain('1.3.0');
    });

    it('that cannot be installed names the other runtime that works here, and only that', async () => {
      const facts = { ...FACTS, runtimes: ['python' as const, 'docker' as const], repository: 'airbyte/source-old' };
      const request = { connector: 'source-old', version: '1.7.0' };
      const { signal } = context.control();
      const docker = (await context.connectors.runtimesFor(request, facts, signal)).find(
        (one) => one.runtime === 'docker',
      );
      const error = await context.connectors
        .install(request, facts, context.control())
        .catch((thrown: unknown) => thrown as { next: string });
      expect(error).toMatchObject({ code: 'install_conflict' });
      expect((error as { next: string }).next.includes('runtime "docker"')).toBe(docker?.works);
    });

    it('that uses pkg_resources without requiring it gets it, and this is reported', async () => {
      const installed = await install('1.1.0');
      expect(installed.version).toBe('1.1.0');
      // An environment of venv's own has setuptools up to Python 3.11.
      if (installer === 'uv') expect(installed.reason).toContain('with setuptools<81');
      expect(await context.connectors.spec(installed, context.control())).toEqual({ connectionSpecification: {} });
    });

    it('that fails in a way of its own is left to say so itself', async () => {
      const installed = await install('1.2.0');
      expect(installed.version).toBe('1.2.0');
      const error = await context.connectors.spec(installed, context.control()).catch((thrown: unknown) => thrown);
      expect(JSON.stringify(error)).toContain('a_module_that_nobody_has');
    });

    it.each(['1.6.0', '1.7.0'])(
      'whose dependencies contradict each other (%s) names the newest that can be had',
      async (version) => {
        const error = await install(version);
        expect(error).toMatchObject({ kind: 'connector', code: 'install_conflict' });
        // Not 1.5.0: no Python from 3.9 on satisfies its bounds.
        expect(error.next).toContain('Ask for version "1.4.0"');
        expect((await install('1.4.0')).version).toBe('1.4.0');
      },
    );
  });
}
