/** Paths that no connector may see, even in opened folders: the env file, the project, and the other projects of this user. */
import type { Settings } from '../../config/index.ts';
import { knownProjects } from '../../project/index.ts';
import { spellings } from './paths.ts';

export type ProtectedSettings = Pick<Settings, 'envFile' | 'projectDirectory' | 'userDataDirectory'>;

/** Absolute paths as written and with their links followed, whether or not they exist. */
export async function protectedPaths(settings: ProtectedSettings): Promise<string[]> {
  const { envFile, projectDirectory, userDataDirectory } = settings;
  const others = await knownProjects(userDataDirectory).catch(() => []);
  const own = [
    envFile.path,
    projectDirectory.path,
    userDataDirectory,
    ...others.flatMap((known) => [known.envFile, known.project]),
  ];
  const all = await Promise.all(own.map((path) => (path === undefined ? [] : spellings(path))));
  return [...new Set(all.flat())];
}
