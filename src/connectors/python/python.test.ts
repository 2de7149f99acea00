import { mkdir, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { describeWith, testWith } from '../../test/harness/requirements.ts';
import { makeTestContext, type TestContext } from '../connector-context.fixture.ts';
import type { Installed } from '../types.ts';
import { onlyIndex, startIndex, type TestIndex, type TestPackage } from './package-index.fixture.ts';
import { findUv } from './uv.ts';

// An installer takes seconds, and much longer on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const PACKAGE = 'airbyte-source-tiny';
const FACTS = { runtimes: ['python' as const], pypiPackage: PACKAGE, version: '1.1.0' };
const tiny = (version: string, more: Partial<TestPackage> = {}): TestPackage => ({
  name: PACKAGE,
  version,
  program: 'source-tiny',
  requiresPython: '>=3.8',
  ...more,
});

const PACKAGES: readonly TestPackage[] = [
  tiny('1.0.0'),
  tiny('1.1.0'),
  tiny('1.2.0', { yanked: true }),
  tiny('1.3.0', { dependsOn: ['tiny-leaf==1.0', 'tiny-twig==1.0'] }),
  tiny('1.4.0', { dependsOn: ['tiny-broken==1.0'] }),
  tiny('1.5.0', { program: undefined }),
  tiny('1.6.0', { requiresPython: '>=3.8,<3.9.0a0' }),
  tiny('1.7.0', { requiresPython: '>=4.2' }),
  tiny('1.8.0'),
  tiny('2.0.0rc1'),
  tiny('1.1.0', { name: 'acme-source-tiny' }),
  { name: 'tiny-leaf', version: '1.0' },
  { name: 'tiny-leaf', version: '2.0' },
  { name: 'tiny-twig', version: '1.0', dependsOn: ['tiny-leaf==2.0'] },
  { name: 'tiny-broken', version: '1.0', broken: true },
];

describeWith(['python'], 'a connector from a package index', () => {
  let index: TestIndex;
  let context: TestContext;
  const pathsWithoutUv = (): string =>
    (process.env.PATH ?? '')
      .split(':')
      .filter((folder) => !UV_FOLDERS.has(folder))
      .join(':');
  const UV_FOLDERS = new Set<string>();

  async function makeContext(environment: Record<string, string> = {}): Promise<TestContext> {
    const variables = { ...onlyIndex(index.url), PATH: pathsWithoutUv(), ...environment };
    return makeTestContext({ environment: variables });
  }
  const install = (version?: string, from = context, facts = FACTS): Promise<Installed> =>
    from.connectors.install({ connector: 'source-tiny', version, runtime: 'python' }, facts, from.control());
  const homeOf = (from = context): string => join(from.projectFolder, 'connectors', 'source-tiny');

  beforeAll(async () => {
    const uv = await findUv({ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' });
    if (uv) UV_FOLDERS.add(join(uv.path, '..'));
    index = await startIndex(PACKAGES);
    context = await makeContext();
  });
  afterAll(async () => {
    await context.remove();
    await index.close();
  });

  it("is installed in the registry's version, runs, and is not installed twice", async () => {
    const installed = await install();
    expect(installed).toMatchObject({ version: '1.1.0', runtime: 'python', newlyInstalled: true });
    const spec = await context.connectors.spec(installed, context.control());
    expect(spec.connectionSpecification).toEqual({ title: '1.1.0' });
    const asked = index.asked.length;
    expect(await install()).toEqual({ ...installed, newlyInstalled: false });
    expect(index.asked).toHaveLength(asked);
    const { installed: listed } = await context.connectors.status();
    expect(listed).toEqual([
      {
        id: expect.any(String),
        name: 'source-tiny@1.1.0 (python)',
        connector: 'source-tiny',
        version: '1.1.0',
        runtime: 'python',
        bytes: expect.any(Number),
      },
    ]);
    expect(listed[0]?.bytes).toBeGreaterThan(1_000_000);
  });

  it('is not taken for another registry’s of the same name and version, which is another package', async () => {
    const other = await install(undefined, context, { ...FACTS, pypiPackage: 'acme-source-tiny' });
    expect(other).toMatchObject({ version: '1.1.0', newlyInstalled: true });
    const { package: name } = JSON.parse(await readFile(join(homeOf(), '1.1.0', 'installed.json'), 'utf8'));
    expect(name).toBe('acme-source-tiny');
    expect(await install()).toMatchObject({ version: '1.1.0', newlyInstalled: true });
  });

  it('is installed once by two calls at once, in one server and in two', async () => {
    const other = await makeTestContext({
      folder: context.folder,
      environment: { ...onlyIndex(index.url), PATH: pathsWithoutUv() },
    });
    const all = await Promise.all([install('1.0.0'), install('1.0.0'), install('1.0.0', other)]);
    expect(new Set(all.map(({ version }) => version))).toEqual(new Set(['1.0.0']));
    expect(index.asked.filter((path) => path.includes('airbyte_source_tiny-1.0.0'))).toHaveLength(1);
    await other.connectors.endAll();
  });

  it("is installed in the newest stable version if the registry's is missing or withdrawn, and reports it", async () => {
    const fresh = await makeContext();
    try {
      const installed = await install(undefined, fresh, {
        runtimes: ['python' as const],
        pypiPackage: PACKAGE,
        version: '9.9.9',
      });
      expect(installed.version).toBe('1.8.0');
      expect(fresh.reported.join('\n')).toContain('9.9.9 is not on the package index: taking 1.8.0');
      const asked = index.asked.length;
      expect(
        (await install(undefined, fresh, { runtimes: ['python' as const], pypiPackage: PACKAGE, version: '9.9.9' }))
          .newlyInstalled,
      ).toBe(false);
      expect(index.asked).toHaveLength(asked);
    } finally {
      await fresh.remove();
    }
  });

  it('is refused in a version that does not exist, with the near ones', async () => {
    const error = await install('1.2.5').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'input', code: 'unknown_version' });
    expect((error as { next: string }).next).toContain('1.3.0');
    expect(await readdir(homeOf())).not.toContain('1.2.5');
    await expect(install('../../etc')).rejects.toMatchObject({ code: 'bad_version' });
  });

  it('is installed in a withdrawn version only when asked, and reports it', async () => {
    expect((await install('1.2.0')).version).toBe('1.2.0');
    expect(context.reported.join('\n')).toContain('1.2.0 was withdrawn by its authors');
  });

  it('is not installed if no Python fits it, upper bound included', async () => {
    const error = await install('1.7.0').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'setup', code: 'python_missing' });
    expect((error as Error).message).toContain('Python >=4.2');
    expect((error as { next: string }).next).toContain('Ask for version "1.8.0"');
  });

  it('names what contradicts, what cannot be built, and leaves nothing of it', async () => {
    const conflict = await install('1.3.0').catch((thrown: unknown) => thrown);
    expect(conflict).toMatchObject({ kind: 'connector', code: 'install_conflict' });
    expect(JSON.stringify(conflict)).toContain('tiny-leaf');
    const build = await install('1.4.0').catch((thrown: unknown) => thrown);
    expect(build).toMatchObject({ kind: 'connector', code: 'install_build_failed' });
    expect(JSON.stringify(build)).toContain('this package cannot be built');
    const none = await install('1.5.0').catch((thrown: unknown) => thrown);
    expect(none).toMatchObject({ kind: 'connector', code: 'install_incomplete' });
    const left = await readdir(homeOf());
    for (const version of ['1.3.0', '1.4.0', '1.5.0']) expect(left).not.toContain(version);
  });

  it('is installed again after an interruption, or when its Python was removed', async () => {
    const folder = join(homeOf(), '1.8.0');
    await mkdir(join(folder, 'venv', 'bin'), { recursive: true });
    await writeFile(join(folder, 'venv', 'bin', 'source-tiny'), 'half', { mode: 0o755 });
    expect(await install('1.8.0')).toMatchObject({ newlyInstalled: true });
    const python = join(folder, 'venv', 'bin', 'python');
    await unlink(python);
    await symlink('/nowhere/python3', python);
    const again = await install('1.8.0');
    expect(again.newlyInstalled).toBe(true);
    await rm(join(context.projectFolder, 'catalogs'), { recursive: true, force: true });
    await mkdir(join(context.projectFolder, 'catalogs'));
    expect(await context.connectors.spec(again, context.control())).toBeDefined();
  });

  it('continues when it is cancelled, and is joined then', async () => {
    const controller = new AbortController();
    const fresh = await makeContext();
    try {
      const control = {
        ...fresh.control(controller.signal),
        progress: (text: string) => text.startsWith('installing') && controller.abort(),
      };
      const request = { connector: 'source-tiny', version: '1.0.0' };
      await expect(fresh.connectors.install(request, FACTS, control)).rejects.toMatchObject({ code: 'cancelled' });
      expect(await install('1.0.0', fresh)).toMatchObject({ newlyInstalled: true });
      expect(await readdir(join(fresh.projectFolder, 'runs'))).toEqual([]);
    } finally {
      await fresh.remove();
    }
  });

  it('continues for the second caller when the first gives up', async () => {
    const controller = new AbortController();
    const fresh = await makeContext();
    try {
      const request = { connector: 'source-tiny', version: '1.0.0' };
      const first = fresh.connectors
        .install(request, FACTS, fresh.control(controller.signal))
        .catch((error: unknown) => error);
      const second = install('1.0.0', fresh);
      setTimeout(() => controller.abort(), 300);
      expect(await first).toMatchObject({ code: 'cancelled' });
      expect(await second).toMatchObject({ version: '1.0.0' });
    } finally {
      await fresh.remove();
    }
  });

  it('offline is what is installed, and nothing else', async () => {
    const offline = await makeTestContext({
      folder: context.folder,
      environment: { AIRBYTE_OFFLINE_MODE: '1', ...onlyIndex(index.url) },
    });
    const asked = index.asked.length;
    expect((await install(undefined, offline)).version).toBe('1.1.0');
    expect(
      (await install(undefined, offline, { runtimes: ['python' as const], pypiPackage: PACKAGE, version: '9.9.9' }))
        .version,
    ).toBe('1.8.0');
    await expect(install('1.6.0', offline)).rejects.toMatchObject({ kind: 'setup', code: 'offline_not_installed' });
    expect(index.asked).toHaveLength(asked);
    await offline.connectors.endAll();
  });

  it('is installed from an index that speaks HTML only', async () => {
    const html = await startIndex(PACKAGES, false);
    const fresh = await makeContext(onlyIndex(html.url));
    try {
      expect(
        (await install(undefined, fresh, { runtimes: ['python' as const], pypiPackage: PACKAGE, version: '1.2.0' }))
          .version,
      ).toBe('1.8.0');
      await expect(install('1.7.0', fresh)).rejects.toMatchObject({ code: 'python_missing' });
    } finally {
      await fresh.remove();
      await html.close();
    }
  });

  it('explains what to do when the index cannot be reached or has no such package', async () => {
    const unreachable = await makeContext(onlyIndex('http://user:hidden-part@127.0.0.1:9/simple'));
    try {
      const error = await install(undefined, unreachable).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: 'upstream', code: 'package_index_unreachable' });
      expect(JSON.stringify([error, (error as Error).message])).not.toContain('hidden-part');
    } finally {
      await unreachable.remove();
    }
    await expect(
      install(undefined, context, { runtimes: ['python' as const], pypiPackage: 'airbyte-source-none', version: '1' }),
    ).rejects.toMatchObject({
      kind: 'input',
      code: 'unknown_package',
    });
  });

  testWith(['uv'], 'is installed by uv where uv is, with a Python that suits it', async () => {
    const withUv = await makeContext({ PATH: process.env.PATH ?? '' });
    try {
      expect((await install('1.0.0', withUv)).version).toBe('1.0.0');
      expect(withUv.reported.join('\n')).toContain('with uv (Python 3.');
      const old = await install('1.6.0', withUv).catch((thrown: unknown) => thrown);
      const reported = withUv.reported.join('\n');
      // Either this machine has a Python 3.8, or uv fetched one.
      expect(reported).toMatch(/1\.6\.0 with uv \(Python 3\.8|no Python here suits airbyte-source-tiny 1\.6\.0/);
      expect(old).toBeDefined();
      const conflict = await install('1.3.0', withUv).catch((thrown: unknown) => thrown);
      expect(conflict).toMatchObject({ code: 'install_conflict' });
      const build = await install('1.4.0', withUv).catch((thrown: unknown) => thrown);
      expect(build).toMatchObject({ code: 'install_build_failed' });
    } finally {
      await withUv.remove();
    }
  });
});

describeWith(['python', 'pypi'], 'a real connector', () => {
  let context: TestContext;
  afterEach(() => context.remove());

  it('is installed from PyPI and answers', { timeout: 300_000 }, async () => {
    context = await makeTestContext();
    const request = { connector: 'source-faker' };
    const facts = { runtimes: ['python' as const], pypiPackage: 'airbyte-source-faker', version: '6.2.24' };
    const installed = await context.connectors.install(request, facts, context.control());
    expect(installed.version).toBe('6.2.24');
    const spec = await context.connectors.spec(installed, context.control());
    expect(spec.connectionSpecification).toMatchObject({ title: 'Faker Source Spec' });
    const config = await context.config({ count: 10, seed: 1, parallelism: 1 });
    expect(await context.connectors.check(installed, config, context.control())).toMatchObject({ succeeded: true });
    const catalog = await context.connectors.discover(installed, config, context.control());
    expect(catalog.streams.map(({ name }) => name).sort()).toEqual(['products', 'purchases', 'users']);
  });
});
