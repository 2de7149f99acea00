import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UpstreamError } from '../errors.ts';
import { makeTestContext, type TestContext } from './connector-context.fixture.ts';
import type { ConnectorFacts, Installed, RuntimeVerdict } from './types.ts';

const FACTS: ConnectorFacts = {
  runtimes: ['python', 'docker'],
  pypiPackage: 'airbyte-source-none',
  repository: 'airbyte/source-none',
  version: '2.0.0',
};
const REQUEST = { connector: 'source-none' };

let context: TestContext;
beforeEach(async () => {
  context = await makeTestContext();
});
afterEach(() => context.remove());

/** A later server over the same project. */
const reopen = (environment: Record<string, string>): Promise<TestContext> =>
  makeTestContext({ folder: context.folder, environment });
/** No uv, no Python that makes environments, no Docker. */
const bare = (): Promise<TestContext> =>
  reopen({
    PATH: join(context.folder, 'bin'),
    HOME: context.folder,
    PYENV_ROOT: context.folder,
    DOCKER_HOST: `unix://${context.folder}/none.sock`,
    AIRBYTE_OFFLINE_MODE: '1',
  });

async function environment(version: string): Promise<void> {
  const folder = join(context.projectFolder, 'connectors', 'source-none', version);
  const program = join(folder, 'venv', 'bin', 'source-none');
  await mkdir(join(program, '..'), { recursive: true });
  await symlink(process.execPath, join(program, '..', 'python'));
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  // As the first versions wrote it: without a runtime.
  const marker = { connector: 'source-none', version, package: 'airbyte-source-none', program };
  await writeFile(join(folder, 'installed.json'), JSON.stringify(marker));
}

const python = async (from: TestContext, version?: string): Promise<RuntimeVerdict | undefined> => {
  const { signal } = from.control();
  const verdicts = await from.connectors.runtimesFor({ ...REQUEST, version }, FACTS, signal);
  return verdicts.find(({ runtime }) => runtime === 'python');
};
const install = (from: TestContext, more = {}): Promise<Installed | Error> =>
  from.connectors.install({ ...REQUEST, ...more }, FACTS, from.control()).catch((error: Error) => error);

describe('the choice of a runtime', () => {
  it('offline knows only what is installed, and explains how to get the rest', async () => {
    // Whatever this machine has: the question is what may be fetched.
    const uv = join(context.folder, 'bin', 'uv');
    await mkdir(join(uv, '..'), { recursive: true });
    await writeFile(uv, '#!/bin/sh\necho "uv 0.9.0"\n', { mode: 0o755 });
    const PATH = `${join(uv, '..')}:${process.env.PATH}`;
    const offline = await reopen({ AIRBYTE_OFFLINE_MODE: '1', PATH });
    expect(await python(offline)).toMatchObject({
      works: false,
      fix: expect.stringContaining('AIRBYTE_OFFLINE_MODE=0'),
    });
    await environment('1.4.0');
    expect(await python(offline)).toEqual({
      runtime: 'python',
      works: true,
      state: 'ready',
      reason: 'installed: 1.4.0',
    });
    expect(await python(offline, '1.4.0')).toMatchObject({ works: true });
    expect(await python(offline, '1.5.0')).toMatchObject({ works: false });
    const installed = await install(offline);
    expect(installed).toMatchObject({ runtime: 'python', version: '1.4.0', newlyInstalled: false });
    expect(installed).toHaveProperty('reason', 'python, the cheapest that works here (installed: 1.4.0)');
  });

  it('uses an existing environment if nothing is left to create one', async () => {
    await environment('1.4.0');
    const poor = await bare();
    expect(await install(poor, { version: '1.4.0' })).toMatchObject({ runtime: 'python', version: '1.4.0' });
  });

  it('that a caller made is respected, and its only reason is the caller', async () => {
    await environment('1.4.0');
    const offline = await reopen({ AIRBYTE_OFFLINE_MODE: '1' });
    const installed = await install(offline, { runtime: 'python' });
    expect(installed).toMatchObject({ version: '1.4.0', reason: undefined });
    const error = await install(offline, { runtime: 'python', version: '9.0.0' });
    expect(error).toMatchObject({ kind: 'setup', code: 'offline_not_installed' });
  });

  it('fails if no runtime works, with what each of them lacks', async () => {
    const offline = await bare();
    const error = (await install(offline)) as Error & { code: string; next: string };
    expect(error.code).toBe('no_runtime');
    expect(error.message).toContain('python does not work here');
    expect(error.message).toContain('docker does not work here');
  });

  it('reports the same for every runtime, the cheapest first', async () => {
    const facts = { ...FACTS, runtimes: ['docker' as const, 'python' as const, 'manifest' as const] };
    const verdicts = await context.connectors.runtimesFor(REQUEST, facts, context.control().signal);
    expect(verdicts.map(({ runtime }) => runtime)).toEqual(['manifest', 'python', 'docker']);
    for (const { works, reason, fix } of verdicts) if (!works) expect(`${reason}${fix}`.length).toBeGreaterThan(20);
  });

  it('names a working runtime if a manifest cannot be fetched', async () => {
    await environment('2.0.0');
    const unreachable = new UpstreamError('unreachable', 'The host cannot be reached.', 'Try again.');
    const facts = { ...FACTS, runtimes: ['manifest', 'python'] as const, manifest: () => Promise.reject(unreachable) };
    const asked = { ...REQUEST, runtime: 'manifest' as const };
    const error = await context.connectors.install(asked, facts, context.control()).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'unreachable', next: expect.stringContaining('runtime "python"') });
  });
});
