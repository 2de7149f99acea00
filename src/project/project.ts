/** The project directory: saved sources, the cache, connectors, logs and exports. Created on first use, never at start. */
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectFolder, Settings } from '../config/index.ts';
import { SetupError, systemCode } from '../errors.ts';
import { exists } from './files.ts';
import { recordProject } from './known-projects.ts';

export interface Project {
  /** The absolute root, or undefined when the setting is unusable. */
  readonly root: string | undefined;
  /**
   * The absolute path of a folder of the project, which is created if it is missing.
   * @throws SetupError when the project directory is unusable, with what to write instead
   */
  folder(name: ProjectFolder): Promise<string>;
  /** The path of a folder, without creating it; undefined when the setting is unusable. */
  peek(name: ProjectFolder): string | undefined;
}

/** @param recorded whether terminal commands can find the project afterwards */
export function openProject(settings: Settings, recorded = true): Project {
  const { path: root, problem } = settings.projectDirectory;
  const made = new Map<string, Promise<void>>();
  const make = async (path: string): Promise<void> => {
    const known = made.get(path);
    // The project may have been removed in the meantime.
    if (known && (await known.then(() => exists(path)))) return;
    const making = makeFolder(path).catch((error: unknown) => {
      made.delete(path);
      throw error;
    });
    made.set(path, making);
    await making;
  };
  return {
    root,
    peek: (name) => (root === undefined ? undefined : join(root, name)),
    async folder(name) {
      if (root === undefined) {
        throw new SetupError('bad_project_directory', problem?.message ?? 'No project directory.', problem?.fix ?? '');
      }
      const known = made.has(root);
      await make(root);
      // Only a convenience for terminal commands: a read-only home must not stop the work.
      if (!known && recorded)
        await recordProject(settings.userDataDirectory, { project: root, envFile: settings.envFile.path }).catch(
          () => {},
        );
      const path = join(root, name);
      await make(path);
      return path;
    },
  };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (!(await stat(path)).isDirectory()) throw Object.assign(new Error('a file'), { code: 'EEXIST' });
    await access(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw folderError(path, systemCode(error));
  }
}

function folderError(path: string, code: string | undefined): SetupError {
  const reason =
    code === 'EEXIST' || code === 'ENOTDIR'
      ? 'it, or a part of its path, is a file'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'it is not writable for this user'
        : `the system answered ${code ?? 'an unknown error'}`;
  return new SetupError(
    'project_directory_unusable',
    `The project directory cannot be used: ${path}: ${reason}.`,
    'Set AIRBYTE_PROJECT_DIR to the absolute path of a folder that you may write to, and restart the server.',
  );
}
