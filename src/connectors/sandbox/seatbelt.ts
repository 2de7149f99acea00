/** A profile for macOS' `sandbox-exec`. Pure; later rules win over earlier ones. */
import { dirname } from 'node:path';

export interface SeatbeltRun {
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Completely hidden, regardless of the surrounding rules. */
  readonly protectedPaths: readonly string[];
  /** Completely visible, regardless of the surrounding rules. */
  readonly own: readonly string[];
  /** The connector's folder of this run. */
  readonly folder: string;
  /** Of these everything, and they may be written into. */
  readonly completes: readonly string[];
}

const PROGRAM = '/usr/bin/sandbox-exec';

/** Where a Mac keeps what belongs to persons, and what other programs leave there. */
const PERSONAL = [
  '/Users',
  '/Volumes',
  '/Network',
  '/Library/Application Support',
  '/Library/Keychains',
  '/private/tmp',
  '/private/var/tmp',
  '/private/var/folders',
  '/private/var/root',
  '/private/var/db',
  '/private/var/log',
  '/private/etc/ssh',
];
/** What the system itself needs below those. */
const SYSTEM = ['/private/var/db/timezone', '/private/var/db/mds/system', '/private/var/db/dyld'];

/** Services by which a process reaches what belongs to the person without a file: keychain, clipboard, other programs. */
const SERVICES = [
  'com.apple.SecurityServer',
  'com.apple.securityd',
  'com.apple.securityd.xpc',
  'com.apple.secd',
  'com.apple.pasteboard.1',
  'com.apple.pboard',
  'com.apple.coreservices.launchservicesd',
  'com.apple.coreservices.appleevents',
  'com.apple.tccd',
  'com.apple.screencapture',
];

export function seatbeltCommand(run: SeatbeltRun, command: readonly [string, ...string[]]): [string, ...string[]] {
  return [PROGRAM, '-p', seatbeltProfile(run), ...command];
}

export function seatbeltProfile({ readable, writable, protectedPaths, own, folder, completes }: SeatbeltRun): string {
  const shown = [...readable, ...writable, ...own, folder];
  return [
    '(version 1)',
    '(allow default)',
    '(deny file-write*)',
    rule('deny', 'file-read*', PERSONAL),
    rule('allow', 'file-read*', [...SYSTEM, ...readable, ...writable]),
    rule('allow', 'file-write*', writable),
    rule('deny', 'file-read* file-write*', protectedPaths),
    rule('allow', 'file-read*', [...own, folder]),
    rule('allow', 'file-write*', [folder, ...completes]),
    '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper") (subpath "/dev/fd"))',
    literals('allow', 'file-read-metadata', ancestors(shown)),
    '(deny process-info* (target others))',
    '(deny signal (target others))',
    '(allow signal (target same-sandbox))',
    '(deny network-outbound (remote unix-socket))',
    '(allow network-outbound (literal "/private/var/run/mDNSResponder"))',
    '(deny appleevent-send)',
    `(deny mach-lookup ${SERVICES.map((name) => `(global-name ${quoted(name)})`).join(' ')})`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function rule(verdict: 'allow' | 'deny', operations: string, paths: readonly string[]): string {
  return paths.length === 0
    ? ''
    : `(${verdict} ${operations} ${paths.map((path) => `(subpath ${quoted(path)})`).join(' ')})`;
}

function literals(verdict: 'allow' | 'deny', operations: string, paths: readonly string[]): string {
  return paths.length === 0
    ? ''
    : `(${verdict} ${operations} ${paths.map((path) => `(literal ${quoted(path)})`).join(' ')})`;
}

/** Every folder on the way: a path is resolved part by part. */
function ancestors(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (let parent = dirname(path); !found.has(parent); parent = dirname(parent)) found.add(parent);
  }
  return [...found].sort();
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
