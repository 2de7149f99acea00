import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTestContext, type TestContext } from './connector-context.fixture.ts';

let context: TestContext;
afterEach(() => context.remove());

const programs = async (scripts: Record<string, string>): Promise<void> => {
  for (const [name, text] of Object.entries(scripts)) {
    await writeFile(join(context.folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
};

describe('status', () => {
  beforeEach(async () => {
    const first = await makeTestContext();
    context = await makeTestContext({
      folder: first.folder,
      environment: { PATH: join(first.folder, 'bin'), HOME: first.folder, PYENV_ROOT: join(first.folder, 'pyenv') },
    });
    await mkdir(join(context.folder, 'bin'));
  });

  it('reports the paths of uv and Docker, and does not trust a program that only has the name', async () => {
    await programs({ uv: 'echo "uv 0.5.11 (abc)"', docker: 'exit 1', 'python3.11': 'echo "no Python"' });
    const { runtimes, installed } = await context.connectors.status();
    const [uv, python, docker] = runtimes;
    expect(uv).toEqual({ name: 'uv', found: true, path: join(context.folder, 'bin', 'uv'), version: '0.5.11' });
    // What bears Docker's name is not asked; an engine may answer on this machine, or none.
    expect(docker?.path ?? '').not.toContain(context.folder);
    expect(docker).toMatchObject(
      docker?.found ? { version: expect.stringMatching(/^\d/) } : { fix: expect.stringMatching(/Docker/) },
    );
    expect(python?.path ?? '').not.toContain(context.folder);
    expect(installed).toEqual([]);
  });

  it('reports what to install if nothing works', async () => {
    await programs({ uv: 'exit 3' });
    const { runtimes } = await context.connectors.status();
    const uv = runtimes.find(({ name }) => name === 'uv');
    // Another uv may be installed in a usual folder of this machine.
    if (!uv?.found) expect(uv?.fix).toContain('https://docs.astral.sh/uv');
    else expect(uv.path).not.toBe(join(context.folder, 'bin', 'uv'));
  });

  it('creates nothing and skips folders that are not installations', async () => {
    const connectors = join(context.projectFolder, 'connectors');
    await mkdir(join(connectors, 'source-half', '1.0.0', 'venv'), { recursive: true });
    await writeFile(join(connectors, 'notes.txt'), '');
    await writeFile(join(connectors, 'source-half', 'resolved.json'), '{}');
    expect((await context.connectors.status()).installed).toEqual([]);
  });
});
