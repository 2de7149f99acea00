import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeWith } from '../../test/harness/requirements.ts';
import { findInterpreters, fits, fittingMinor, isOlder } from './interpreters.ts';

describe('a version of Python', () => {
  it('fits within both bounds of requires_python', () => {
    expect(fits('3.11.7', '<3.12,>=3.9')).toBe(true);
    expect(fits('3.12.1', '<3.12,>=3.9')).toBe(false);
    expect(fits('3.11.7', '<3.12,>=3.9,!=3.11.*')).toBe(false);
    expect(fits('3.9.0', '~=3.10')).toBe(false);
    expect(fits('3.9.0', undefined)).toBe(true);
    expect(fits('3.9.0', 'whatever')).toBe(true);
  });

  it('is chosen by what connectors run on, below a bound if there is one', () => {
    expect(fittingMinor('<3.12,>=3.9')).toBe('3.11');
    expect(fittingMinor('<3.12,>=3.9', '3.11')).toBe('3.10');
    expect(fittingMinor('>=3.11', '3.11')).toBeUndefined();
    expect(isOlder('3.10.13', '3.11')).toBe(true);
    expect(isOlder('3.9.18', '3.10')).toBe(true);
    expect(isOlder('3.11.0', '3.11')).toBe(false);
  });
});

describeWith(['python'], 'an interpreter', () => {
  let folder: string;
  let python: string;
  let environment: Record<string, string>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-pythons-'));
    const own = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
    python = await realpath(own.trim());
    environment = { PATH: join(folder, 'bin'), HOME: folder, PYENV_ROOT: join(folder, 'pyenv') };
    await mkdir(join(folder, 'bin'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  /** A copy of a kind: a script of its own, so that it counts as another program than the one it starts. */
  async function createInterpreter(...path: string[]): Promise<string> {
    const program = join(folder, ...path);
    await mkdir(join(program, '..'), { recursive: true });
    await writeFile(program, `#!/bin/sh\nexec '${python}' "$@"\n`, { mode: 0o755 });
    return realpath(program);
  }
  const found = async (): Promise<string[]> => (await findInterpreters(environment)).map(({ path }) => path);

  it('is found in the PATH, with pyenv, with uv, in a keg of Homebrew and by the py launcher', async () => {
    environment.HOMEBREW_PREFIX = join(folder, 'brew');
    const places = await Promise.all([
      createInterpreter('bin', 'python3.11'),
      createInterpreter('pyenv', 'versions', '3.10.13', 'bin', 'python3.10'),
      createInterpreter('.local', 'share', 'uv', 'python', 'cpython-3.12', 'bin', 'python3.12'),
      createInterpreter('brew', 'opt', 'python@3.10', 'bin', 'python3.10'),
      createInterpreter('elsewhere', 'python'),
    ]);
    const lines = [` -V:3.12 *        ${places[4]}`, ' -V:3.9           /nowhere/python3', 'No more.'];
    const say = lines.map((line) => `echo '${line}'`).join('\n');
    await writeFile(join(folder, 'bin', 'py'), `#!/bin/sh\n[ "$1" = -0p ] || exit 1\n${say}\n`, { mode: 0o755 });
    expect(await found()).toEqual(expect.arrayContaining(places));
  });

  it('is counted once under all its names, and not at all if it does not work', async () => {
    const one = await createInterpreter('bin', 'python3.11');
    await symlink(one, join(folder, 'bin', 'python3'));
    await writeFile(join(folder, 'bin', 'python3.9'), '#!/bin/sh\necho "Python 3.9"\n', { mode: 0o755 });
    const here = (await found()).filter((path) => path.startsWith(folder));
    expect(here).toEqual([one]);
  });
});
