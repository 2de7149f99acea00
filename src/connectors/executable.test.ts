import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MEADOW, makeTestContext, type TestContext } from './connector-context.fixture.ts';

let context: TestContext;
beforeEach(async () => {
  context = await makeTestContext();
});
afterEach(() => context.remove());

const find = (connector: string, more = {}, from: TestContext = context): Promise<unknown> =>
  from.connectors.install({ connector, ...more }, {}, from.control()).catch((error: unknown) => error);

describe('a local program', () => {
  it('may run from a folder that a person has named', async () => {
    expect(await find(MEADOW)).toEqual({
      connector: MEADOW,
      version: 'local',
      runtime: 'executable',
      start: { kind: 'process', command: [MEADOW] },
      stamp: expect.stringMatching(/^\d/),
      newlyInstalled: false,
    });
  });

  it('may not run when no folder is named', async () => {
    const closed = await makeTestContext({ environment: { SLUICE_ALLOW_EXECUTABLES: '' } });
    try {
      const error = await find(MEADOW, {}, closed);
      expect(error).toMatchObject({ kind: 'refused', code: 'executables_not_allowed' });
      expect((error as { next: string }).next).toContain('SLUICE_ALLOW_EXECUTABLES=');
    } finally {
      await closed.remove();
    }
  });

  it('may not run from another folder, by dots, by a link, or from a folder of a similar name', async () => {
    const allowed = join(context.folder, 'allowed');
    await mkdir(allowed);
    await mkdir(`${allowed}-not`);
    await writeFile(join(`${allowed}-not`, 'program'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('/bin/sh', join(allowed, 'shell'));
    const narrow = await makeTestContext({ environment: { SLUICE_ALLOW_EXECUTABLES: allowed } });
    try {
      for (const path of ['/bin/sh', `${allowed}/../../../bin/sh`, join(allowed, 'shell'), `${allowed}-not/program`]) {
        expect(await find(path, {}, narrow), path).toMatchObject({ kind: 'refused', code: 'executable_outside' });
      }
      expect(await find(allowed, {}, narrow)).toMatchObject({ kind: 'refused' });
    } finally {
      await narrow.remove();
    }
  });

  it('must be there, be a file, and be executable', async () => {
    const text = join(context.folder, 'text');
    await writeFile(text, 'text', { mode: 0o644 });
    await mkdir(join(context.folder, 'directory'));
    expect(await find(join(context.folder, 'missing'))).toMatchObject({ kind: 'input', code: 'no_such_program' });
    expect(await find(join(context.folder, 'directory'))).toMatchObject({ kind: 'input', code: 'not_a_program' });
    expect(await find(text)).toMatchObject({
      kind: 'setup',
      code: 'not_executable',
      next: `Run: chmod +x '${text}'`,
    });
  });

  it('is given by an absolute path and has no versions', async () => {
    expect(await find('source-meadow.mjs', { runtime: 'executable' })).toMatchObject({ code: 'not_an_absolute_path' });
    expect(await find(MEADOW, { version: '1.0.0' })).toMatchObject({ code: 'version_of_executable' });
  });
});

describe('a runtime', () => {
  it('is one that the registry offers', async () => {
    const facts = { runtimes: ['python' as const], pypiPackage: 'airbyte-source-x' };
    const request = { connector: 'source-x', runtime: 'manifest' as const };
    const error = await context.connectors
      .install(request, facts, context.control())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'input', code: 'runtime_does_not_fit' });
    expect((error as { next: string }).next).toContain('python');
    expect(await find('source-x', { runtime: 'python' })).toMatchObject({ code: 'runtime_does_not_fit' });
  });

  it('is needed', async () => {
    expect(await find('source-x')).toMatchObject({ kind: 'setup', code: 'no_runtime' });
  });
});
