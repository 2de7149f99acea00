/** A command line of bubblewrap: Linux namespaces that contain only the mounted files of this machine. Pure. */
import type { Mount } from './mounts.ts';

export interface BubblewrapRun {
  /** Absolute path of `bwrap`. */
  readonly bwrap: string;
  /** Of the system, then of the person, then the connector's own: later ones lie over earlier ones. */
  readonly mounts: readonly Mount[];
  /** Where the program runs. */
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
}

/**
 * Processes, users, shared memory and the host name are the sandbox's own; the network is the machine's. The first process
 * dies with the server, and everything in the sandbox with the first process.
 */
const NAMESPACES = [
  '--unshare-user-try',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--unshare-cgroup-try',
  '--die-with-parent',
  '--new-session',
  '--cap-drop',
  'ALL',
];

/**
 * The waiting processes of bubblewrap hold their input and output as long as they live, and a connector that closes its own
 * would not be noticed. They close all other files: so the program's two are passed as such, and put back inside.
 */
const PASS_PIPES = 'exec 3<&0 4>&1 </dev/null >/dev/null; exec "$@"';
const TAKE_PIPES = 'exec <&3 >&4 3<&- 4>&-; exec "$@"';

export function bubblewrapCommand({ bwrap, mounts, folder, command }: BubblewrapRun): [string, ...string[]] {
  const folders = mounts.flatMap((mount) => (mount.kind === 'folder' ? [mount.target] : []));
  return [
    ...shell(PASS_PIPES),
    bwrap,
    ...NAMESPACES,
    ...mounts.flatMap(mountArguments),
    // Last, so that nothing can cover them.
    // As root the kernel's own settings below /proc could be written, such as what it runs after a crash.
    ...['--proc', '/proc', '--remount-ro', '/proc', '--dev', '/dev'],
    // Folders that are not mounts are read-only: files there would use up memory and be lost.
    ...[...folders, '/dev', '/'].flatMap((target) => ['--remount-ro', target]),
    ...['--tmpfs', '/dev/shm'],
    ...['--chdir', folder, '--'],
    ...shell(TAKE_PIPES),
    ...command,
  ];
}

function shell(script: string): [string, ...string[]] {
  return ['/bin/sh', '-c', script, 'sh'];
}

function mountArguments(mount: Mount): string[] {
  if (mount.kind === 'folder') return ['--tmpfs', mount.target];
  if (mount.kind === 'link') return ['--symlink', mount.to, mount.target];
  // Ignore files that were removed since the plan was made.
  return [mount.write ? '--bind-try' : '--ro-bind-try', mount.source, mount.target];
}
