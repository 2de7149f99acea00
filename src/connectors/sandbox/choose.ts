/** Which sandbox this machine has, found out by running it once. */
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { exists } from '../../project/index.ts';
import { askTool, type ToolAnswer } from '../process/tool-run.ts';
import { bubblewrapCommand } from './bubblewrap.ts';
import { planMounts } from './mounts.ts';
import { seatbeltCommand } from './seatbelt.ts';
import { SYSTEM_GRANTS, systemMounts } from './system-files.ts';
import type { SandboxKind } from './types.ts';

export interface Choice {
  readonly kind: SandboxKind;
  /** Absolute path of its program. */
  readonly program?: string;
  readonly reason?: string;
  readonly fix?: string;
}

type Environment = Readonly<Record<string, string>>;

const INSTALL =
  'Install bubblewrap (Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap) and restart the server.';

export async function chooseSandbox(environment: Environment): Promise<Choice> {
  if (process.platform === 'linux') return chooseBubblewrap(environment);
  if (process.platform === 'darwin') return chooseSeatbelt(environment);
  return {
    kind: 'none',
    reason: 'there is no sandbox for this system',
    fix: 'Run the server on Linux or macOS, or run connectors with runtime "docker".',
  };
}

async function chooseBubblewrap(environment: Environment): Promise<Choice> {
  const bwrap = await findProgram('bwrap', environment);
  if (bwrap === undefined) return { kind: 'none', reason: 'bubblewrap is not installed', fix: INSTALL };
  const { mounts } = await planMounts(SYSTEM_GRANTS, []);
  const command = bubblewrapCommand({
    bwrap,
    mounts: [...mounts, ...(await systemMounts())],
    folder: '/',
    command: ['/bin/sh', '-c', ':'],
  });
  const answer = await run(command, environment);
  if (answer.succeeded) return { kind: 'bubblewrap', program: bwrap };
  return {
    kind: 'none',
    reason: `bubblewrap (${bwrap}) cannot make a sandbox here${reasonIn(answer)}`,
    fix: await obstacle(),
  };
}

/** What forbids namespaces, as far as the system tells. */
async function obstacle(): Promise<string> {
  const read = (path: string): Promise<string> =>
    readFile(path, 'latin1').then(
      (text) => text.trim(),
      () => '',
    );
  const [apparmor, clone, most] = await Promise.all([
    read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    read('/proc/sys/kernel/unprivileged_userns_clone'),
    read('/proc/sys/user/max_user_namespaces'),
  ]);
  if (clone === '0') return 'This system forbids user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1.';
  if (most === '0') return 'This system forbids user namespaces: sudo sysctl -w user.max_user_namespaces=15000.';
  if (apparmor === '1') {
    return 'AppArmor forbids user namespaces to programs without a profile (Ubuntu 23.10 and newer): sudo apt install apparmor-profiles and load its bwrap-userns-restrict profile, or sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0.';
  }
  return 'User namespaces or a new /proc are forbidden here, as inside most containers: run the server outside of the container, or allow them to it (Docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined).';
}

async function chooseSeatbelt(environment: Environment): Promise<Choice> {
  const command = seatbeltCommand(
    { readable: [], writable: [], protectedPaths: [], own: [], completes: [], folder: '/private/var/empty' },
    ['/usr/bin/true'],
  );
  const answer = await run(command, environment);
  if (answer.succeeded) return { kind: 'sandbox-exec', program: command[0] };
  return {
    kind: 'none',
    reason: `sandbox-exec cannot make a sandbox here${reasonIn(answer)}`,
    fix: 'A server that runs in a sandbox itself cannot start another: start it outside of one.',
  };
}

function run([program, ...args]: readonly [string, ...string[]], environment: Environment): Promise<ToolAnswer> {
  return askTool(program, args, environment);
}

function reasonIn({ stderr }: ToolAnswer): string {
  const line = stderr.split('\n')[0]?.trim().slice(0, 200);
  return line ? ` (${line})` : '';
}

async function findProgram(name: string, environment: Environment): Promise<string | undefined> {
  const folders = [...(environment.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/bin'];
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder.startsWith('/') && (await exists(path))) return path;
  }
  return undefined;
}
