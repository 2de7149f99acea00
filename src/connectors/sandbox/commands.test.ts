/** The command lines of both sandboxes as text; bubblewrap's is run by the tests through the binary, macOS' is not run here. */
import { describe, expect, it } from 'vitest';
import { exitSignal } from '../process/exit-signal.ts';
import { bubblewrapCommand } from './bubblewrap.ts';
import { seatbeltCommand, seatbeltProfile } from './seatbelt.ts';

describe('a command of bubblewrap', () => {
  const args = bubblewrapCommand({
    bwrap: '/usr/bin/bwrap',
    folder: '/p/runs/1/work',
    command: ['/p/connectors/a/1/venv/bin/a', 'check', '--config', '/p/runs/1/work/config.json'],
    mounts: [
      { kind: 'folder', target: '/home/me' },
      { kind: 'link', target: '/bin', to: 'usr/bin' },
      { kind: 'bind', source: '/home/me/in', target: '/home/me/in', write: false },
      { kind: 'bind', source: '/p/runs/1/work', target: '/p/runs/1/work', write: true },
    ],
  });
  const text = args.join(' ');

  it('unshares all but the network, keeps no privilege, and dies with the server', () => {
    for (const flag of ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--die-with-parent', '--new-session']) {
      expect(args).toContain(flag);
    }
    expect(text).toContain('--cap-drop ALL');
    expect(text).not.toMatch(/--unshare-(net|all)|--share-net/);
  });

  it('mounts in order, closes folders that are not mounts, and runs the program last', () => {
    const order = [
      '--tmpfs /home/me',
      '--symlink usr/bin /bin',
      '--ro-bind-try /home/me/in',
      '--bind-try /p/runs/1/work',
    ];
    const places = [...order, '--proc /proc', '--remount-ro /home/me', '--remount-ro / ', '--chdir /p/runs/1/work --'];
    const found = places.map((part) => text.indexOf(part));
    expect(found).not.toContain(-1);
    expect(found).toEqual([...found].sort((one, other) => one - other));
    expect(args.slice(-4)).toEqual(['/p/connectors/a/1/venv/bin/a', 'check', '--config', '/p/runs/1/work/config.json']);
  });
});

describe('a profile of sandbox-exec', () => {
  const run = {
    readable: ['/Users/me/in'],
    writable: ['/Users/me/out'],
    protectedPaths: ['/Users/me/in/my.env', '/Users/me/project'],
    own: ['/Users/me/project/connectors/a/1'],
    folder: '/Users/me/project/runs/1/work',
    completes: [],
  };
  const profile = seatbeltProfile(run);
  const position = (text: string): number => profile.indexOf(text);

  it('denies personal files, then opens, then protects, then allows its own files: the last rule wins', () => {
    const order = [
      '(deny file-write*)',
      '(deny file-read* (subpath "/Users")',
      '(allow file-read* (subpath "/private/var/db/timezone")',
      '(allow file-write* (subpath "/Users/me/out"))',
      '(deny file-read* file-write* (subpath "/Users/me/in/my.env") (subpath "/Users/me/project"))',
      '(allow file-read* (subpath "/Users/me/project/connectors/a/1") (subpath "/Users/me/project/runs/1/work"))',
      '(allow file-write* (subpath "/Users/me/project/runs/1/work"))',
    ].map(position);
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((one, other) => one - other));
  });

  it('lets paths be resolved, and shuts services by which files could be had', () => {
    expect(profile).toContain('(literal "/Users/me/project/runs")');
    expect(profile).toContain('(global-name "com.apple.SecurityServer")');
    expect(profile).toContain('(deny network-outbound (remote unix-socket))');
  });

  it('quotes what a path may hold', () => {
    expect(seatbeltProfile({ ...run, readable: ['/Users/me/a "b" \\c'] })).toContain('"/Users/me/a \\"b\\" \\\\c"');
    expect(seatbeltCommand(run, ['/usr/bin/true']).slice(-1)).toEqual(['/usr/bin/true']);
  });

  it('has as many brackets that open as close', () => {
    expect(profile.split('(').length).toBe(profile.split(')').length);
  });
});

describe('the exit of what a sandbox waited for', () => {
  it.each([
    [0, null, { code: 0, signal: null }],
    [1, null, { code: 1, signal: null }],
    [137, null, { code: null, signal: 'SIGKILL' }],
    [143, null, { code: null, signal: 'SIGTERM' }],
    [139, null, { code: null, signal: 'SIGSEGV' }],
    [255, null, { code: 255, signal: null }],
    [null, 'SIGKILL', { code: null, signal: 'SIGKILL' }],
  ] as const)('%s, %s', (code, signal, expected) => {
    expect(exitSignal(code, signal)).toEqual(expected);
  });
});
