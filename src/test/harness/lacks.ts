/** What this machine lacks for the tests, each with its reason and what to do about it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_IMAGES } from './docker.ts';
import { postgresBinaries } from './postgres.ts';
import { ROOT } from './workplace.ts';

export type RequirementName = keyof typeof requirements;

/** Once, and not for long: behind some networks each attempt hangs. */
const PIP_DOWNLOAD = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir', '--retries', '0'];
const ASK_LIMIT_S = 10;

/** Asks as Sluice does, which trusts other certificates than pip and uv may. */
const NODE_ASKS = `fetch(process.argv[1], { signal: AbortSignal.timeout(${ASK_LIMIT_S}_000) }).then(
  ({ status }) => process.exit(status < 500 ? 0 : 1),
  ({ cause, message }) => { process.stderr.write(cause?.message ?? message); process.exit(1); });`;

const GO_SDK = 'github.com/modelcontextprotocol/go-sdk';
const CONFINED = ['--unshare-user-try', '--unshare-pid', '--ro-bind', '/', '/', '--proc', '/proc', '/bin/true'];

const requirements = {
  python: () =>
    missing('python3', ['-c', ''], 'no python3 on this machine (Debian: apt install python3 python3-venv)') ??
    missing(
      'python3',
      ['-c', 'import venv, ensurepip'],
      'python3 cannot make virtual environments here (Debian: apt install python3-venv)',
    ),
  'old-python': () => (hasOldPython() ? undefined : 'no Python before 3.11 on this machine (pyenv install 3.10)'),
  uv: () => missing('uv', ['--version'], 'no uv on this machine (https://docs.astral.sh/uv)'),
  go: () =>
    missing('go', ['version'], 'no Go on this machine (Debian: apt install golang)') ??
    missing(
      'go',
      ['mod', 'download', '-C', join(ROOT, 'fixtures', 'clients', 'go'), GO_SDK],
      'Go cannot get its modules',
    ),
  pypi: packageIndexLack,
  postgres: () =>
    postgresBinaries() === undefined
      ? 'no Postgres server on this machine (Debian: apt install postgresql)'
      : undefined,
  docker: dockerLack,
  data: () =>
    process.env.SLUICE_TEST_DATA
      ? undefined
      : 'SLUICE_TEST_DATA names no folder with the real registry (CONTRIBUTING.md)',
  sandbox: () =>
    absent('bwrap', 'no bubblewrap on this machine (Debian: apt install bubblewrap)') ??
    missing('bwrap', CONFINED, 'bubblewrap cannot confine a process here (sluice-mcp doctor says what to do)'),
  openssl: () => missing('openssl', ['version'], 'no openssl on this machine (Debian: apt install openssl)'),
  mounts: () => missing('unshare', ['-rm', 'true'], 'this user cannot mount a file system of its own here'),
  script: () =>
    spawnSync('script', ['--version']).stdout?.toString().includes('util-linux')
      ? undefined
      : 'no script of util-linux on this machine (Debian: apt install bsdutils)',
  systemd: () =>
    missing('systemd-analyze', ['--version'], 'no systemd-analyze on this machine (Debian: apt install systemd)'),
  linux: () => (process.platform === 'linux' ? undefined : 'only Linux shows processes under /proc'),
  unprivileged: () => (process.getuid?.() === 0 ? 'root ignores file modes: run the tests as another user' : undefined),
} satisfies Record<string, () => string | undefined>;

export const REQUIREMENTS = Object.keys(requirements) as RequirementName[];

/** @returns why a requirement is not met; undefined where it is. Each is looked at once in a run of the tests */
export function lackOf(name: RequirementName): string | undefined {
  const folder = process.env.TEST_RUN_FOLDER;
  if (!folder) return requirements[name]();
  const file = join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, requirements[name]() ?? '');
  }
  return readFileSync(file, 'utf8') || undefined;
}

/** By all three that fetch from it: each has certificates and proxies of its own. */
function packageIndexLack(): string | undefined {
  const lackBy = (who: string, what: string): string =>
    `the package index cannot be reached from this machine by ${who} (${what})`;
  const { UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL } = process.env;
  const index = UV_DEFAULT_INDEX || UV_INDEX_URL || PIP_INDEX_URL || 'https://pypi.org/simple';
  if (!run(process.execPath, ['-e', NODE_ASKS, `${index.replace(/\/+$/, '')}/six/`]).works)
    return lackBy('Node', 'sluice-mcp doctor says why');
  if (!requirements.uv() && !run('uv', ['pip', 'compile', '--quiet', '--no-cache', '-'], 'six==1.16.0').works)
    return lackBy('uv', 'where the network has a certificate of its own: set SSL_CERT_FILE');
  return requirements.python() || pipReachesIndex()
    ? undefined
    : lackBy('pip', 'where the network has a certificate of its own: set PIP_CERT');
}

/** By the pip of a fresh environment, as connectors get it: Debian's python3 has none of its own. */
function pipReachesIndex(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pip-'));
  try {
    const download = [...PIP_DOWNLOAD, '--timeout', `${ASK_LIMIT_S}`, '--dest', folder, 'six==1.16.0'];
    return run('python3', ['-m', 'venv', folder]).works && run(join(folder, 'bin', 'python'), download).works;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dockerLack(): string | undefined {
  const { works, found, stderr } = run('docker', ['version', '--format', '{{.Server.Version}}']);
  if (!found) return 'no docker command on this machine (Debian: apt install docker.io)';
  if (/permission denied/i.test(stderr))
    return 'this user may not use Docker (sudo usermod -aG docker "$USER", then log in again)';
  if (!works) return 'no Docker engine answers (sudo systemctl start docker)';
  const built = TEST_IMAGES.every((image) => run('docker', ['image', 'inspect', image]).works);
  return built ? undefined : 'the images of the tests are not built (.ci/images)';
}

/** Where pyenv keeps them, or in the PATH. */
function hasOldPython(): boolean {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const names = existsSync(versions) ? readdirSync(versions) : [];
  return (
    names.some((name) => /\b3\.(8|9|10)\.\d/.test(name)) || run('python3.10', ['-c', 'import venv, ensurepip']).works
  );
}

function absent(program: string, reason: string): string | undefined {
  return run(program, ['--version']).found ? undefined : reason;
}

function missing(program: string, args: readonly string[], reason: string): string | undefined {
  return run(program, args).works ? undefined : reason;
}

function run(program: string, args: readonly string[], input = ''): { works: boolean; found: boolean; stderr: string } {
  const { status, error, stderr } = spawnSync(program, args, { input, timeout: 60_000, encoding: 'utf8' });
  const found = (error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT';
  return { works: status === 0, found, stderr: stderr ?? '' };
}
