/** Programs of the user's own that speak the protocol, from folders that a person has named. */
import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, normalize, sep } from 'node:path';
import type { Settings } from '../config/index.ts';
import { InputError, RefusedError, SetupError, systemCode } from '../errors.ts';
import type { RuntimeModule } from './runtime-module.ts';
import type { ConnectorRequest, Installed } from './types.ts';

const SETTING = 'SLUICE_ALLOW_EXECUTABLES';

export function executableRuntime(settings: Settings): RuntimeModule {
  return {
    available: async () => ({ works: true, by: 'this machine' }),
    install: (request) => findExecutable(request, settings),
  };
}

/**
 * @throws RefusedError when no folder, or not this one, is allowed; InputError for a path that is not a program;
 * SetupError when it cannot be executed
 */
export async function findExecutable(request: ConnectorRequest, settings: Settings): Promise<Installed> {
  const path = request.connector;
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new InputError(
      'not_an_absolute_path',
      `${JSON.stringify(path.slice(0, 200))} is not an absolute path.`,
      'With runtime "executable", give the absolute path of the program as connector.',
    );
  }
  if (request.version !== undefined && request.version !== 'local') {
    throw new InputError('version_of_executable', 'A local program has no versions.', 'Leave version out.');
  }
  const allowed = settings.executableDirectories;
  if (allowed.length === 0) {
    throw new RefusedError(
      'executables_not_allowed',
      'Running local programs is switched off.',
      `A person may set ${SETTING}=${dirname(path)} in the server's environment or env file and restart the server.`,
    );
  }
  const program = await resolveInside(path, allowed);
  const { mode, isFile } = await kindOf(program);
  if (!isFile) {
    throw new InputError('not_a_program', `${path} is not a file.`, 'Give the absolute path of the program itself.');
  }
  const executable = await access(program, constants.X_OK).then(
    () => (mode & 0o111) !== 0,
    () => false,
  );
  if (!executable) {
    throw new SetupError('not_executable', `${path} is not executable for this user.`, `Run: chmod +x '${path}'`);
  }
  return {
    connector: path,
    version: 'local',
    runtime: 'executable',
    start: { kind: 'process', command: [program] },
    stamp: await stampOf(program),
    newlyInstalled: false,
  };
}

/** Changes when the program changes, so that a cached spec or catalog is not used for another build. */
async function stampOf(program: string): Promise<string> {
  const { mtimeMs, size } = await stat(program);
  return `${mtimeMs}:${size}`;
}

/** Resolves links first: a link in an allowed folder does not allow its target outside. */
async function resolveInside(path: string, allowed: readonly string[]): Promise<string> {
  const folders = await Promise.all(allowed.map((folder) => realpath(folder).catch(() => normalize(folder))));
  const program = await realpath(path).catch((error: unknown) => systemCode(error) ?? 'unknown');
  if (isAbsolute(program)) {
    if (isInside(program, folders)) return program;
  } else if (isInside(normalize(path), [...folders, ...allowed])) {
    throw new InputError(
      'no_such_program',
      `There is no program at ${path} (${program}).`,
      `Give the path of a program in ${allowed.join(' or ')}.`,
    );
  }
  throw new RefusedError(
    'executable_outside',
    `${basename(path)} does not lie in a folder whose programs may run.`,
    `Use a program in ${allowed.join(' or ')}, or let a person add its folder to ${SETTING} and restart the server.`,
  );
}

function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(folder.endsWith(sep) ? folder : folder + sep));
}

async function kindOf(program: string): Promise<{ mode: number; isFile: boolean }> {
  const found = await stat(program);
  return { mode: found.mode, isFile: found.isFile() };
}
