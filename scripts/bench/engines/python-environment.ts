/** A Python environment with one package, made once. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's own first: another one may be too new for the connectors. */
const PYTHONS = ['python3.11', '/usr/bin/python3', 'python3'];

export interface PythonEnvironment {
  readonly python: string;
  readonly version: string;
}

/** @throws Error if there is no Python, or the package cannot be installed */
export function pythonEnvironment(folder: string, packageName: string, say: (line: string) => void): PythonEnvironment {
  const python = join(folder, 'bin', 'python');
  const marker = join(folder, 'installed');
  if (!existsSync(marker)) {
    say(`installing ${packageName} into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    const base = PYTHONS.find((name) => works(name, ['-c', 'import venv, ensurepip']));
    if (base === undefined) throw new Error(`no Python with venv among ${PYTHONS.join(', ')}`);
    if (works('uv', ['--version'])) {
      run('uv', ['venv', '--quiet', '--python', base, folder]);
      run('uv', ['pip', 'install', '--quiet', '--compile-bytecode', '--python', python, packageName]);
    } else {
      run(base, ['-m', 'venv', folder]);
      run(python, ['-m', 'pip', 'install', '--quiet', packageName]);
    }
    const version = run(python, ['-c', `import importlib.metadata as m; print(m.version('${packageName}'))`]);
    // Written last: an environment without it is made again.
    writeFileSync(marker, version.trim());
  }
  return { python, version: readFileSync(marker, 'utf8') };
}

function works(command: string, args: string[]): boolean {
  try {
    run(command, args);
    return true;
  } catch {
    return false;
  }
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
