/**
 * What a test needs of the machine: skipped by name with its reason, or a failure where SLUICE_REQUIRE names it. With a minus
 * before it (`-old-python`) it is known not to be had: what needs it is left out, and counts neither way.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { TEST_IMAGES } from './docker.ts';
import { postgresBinaries } from './postgres.ts';
import { ROOT } from './workplace.ts';

const required: ReadonlySet<string> = new Set(
  (process.env.SLUICE_REQUIRE ?? '').split(',').filter((name) => name !== ''),
);

interface Requirement {
  readonly name:
    | 'python'
    | 'old-python'
    | 'uv'
    | 'go'
    | 'docker'
    | 'pypi'
    | 'postgres'
    | 'data'
    | 'unprivileged'
    | 'sandbox'
    | 'openssl';
  readonly reason: string;
  readonly met: () => boolean;
}

/** Once, and not for long: behind some networks each attempt hangs. */
const PIP_DOWNLOAD = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--retries', '0', '--timeout', '10'];

const requirements: Record<Requirement['name'], Requirement> = {
  python: {
    name: 'python',
    reason: 'no python3 on this machine',
    met: () => works('python3', ['-c', 'import venv, ensurepip']),
  },
  'old-python': {
    name: 'old-python',
    reason: 'no Python before 3.11 on this machine (pyenv install 3.10)',
    met: hasOldPython,
  },
  uv: { name: 'uv', reason: 'no uv on this machine', met: () => works('uv', ['--version']) },
  go: {
    name: 'go',
    reason: 'no Go here (apt install golang), or the Go module proxy cannot be reached',
    met: () =>
      works('go', [
        'mod',
        'download',
        '-C',
        join(ROOT, 'fixtures', 'clients', 'go'),
        'github.com/modelcontextprotocol/go-sdk',
      ]),
  },
  pypi: {
    name: 'pypi',
    reason: 'the package index cannot be reached from this machine',
    met: () => works('python3', [...PIP_DOWNLOAD, '--dest', tmpdir(), 'six==1.16.0']),
  },
  postgres: {
    name: 'postgres',
    reason: 'no Postgres server on this machine (Debian: apt install postgresql)',
    met: () => postgresBinaries() !== undefined,
  },
  docker: {
    name: 'docker',
    reason: 'no Docker engine answers, or the images of .ci/images are not built',
    met: () => TEST_IMAGES.every((image) => works('docker', ['image', 'inspect', image])),
  },
  data: {
    name: 'data',
    reason: 'SLUICE_TEST_DATA names no folder with the real registry',
    met: () => Boolean(process.env.SLUICE_TEST_DATA),
  },
  sandbox: {
    name: 'sandbox',
    reason: 'bubblewrap cannot confine a process here (Debian: apt install bubblewrap)',
    met: () =>
      works('bwrap', ['--unshare-user-try', '--unshare-pid', '--ro-bind', '/', '/', '--proc', '/proc', '/bin/true']),
  },
  openssl: { name: 'openssl', reason: 'no openssl on this machine', met: () => works('openssl', ['version']) },
  unprivileged: { name: 'unprivileged', reason: 'root ignores file modes', met: () => process.getuid?.() !== 0 },
};

/** A group of tests that runs only where everything it needs is there. */
export function describeWith(names: readonly Requirement['name'][], title: string, body: () => void): void {
  const missing = names.map((name) => requirements[name]).filter(({ met }) => !met());
  if (names.some((name) => required.has(`-${name}`))) {
    describe.todo(title);
    return;
  }
  const fatal = missing.filter(({ name }) => required.has(name));
  if (fatal.length > 0) throw new Error(`required, but ${fatal.map(({ reason }) => reason).join('; ')}`);
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} [skipped: ${missing.map(({ reason }) => reason).join('; ')}]`, body);
}

/** Where pyenv keeps them, or in the PATH. */
function hasOldPython(): boolean {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const names = existsSync(versions) ? readdirSync(versions) : [];
  return names.some((name) => /\b3\.(8|9|10)\.\d/.test(name)) || works('python3.10', ['-c', 'import venv, ensurepip']);
}

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
}
