/** Where programs lie on people's machines. A desktop client starts the server with a poor PATH. */
import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { homeDirectory } from '../../config/index.ts';

export type Environment = Readonly<Record<string, string>>;

export function homeOf(environment: Environment): string {
  return homeDirectory(environment);
}

/** Folders that may hold programs, in the order of preference; each once. */
export function programFolders(environment: Environment): string[] {
  const home = homeOf(environment);
  const onPath = (environment.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const usual = ['.local/bin', '.cargo/bin'].map((folder) => join(home, folder));
  return [...new Set([...onPath, ...usual, '/opt/homebrew/bin', '/usr/local/bin', '/usr/bin'])];
}

/** Folders of the interpreters that pyenv, uv, python.org and Homebrew have installed; absent ones are left out. */
export async function managedPythonFolders(environment: Environment): Promise<string[]> {
  const home = homeOf(environment);
  const data = environment.XDG_DATA_HOME || join(home, '.local', 'share');
  const parents = [
    join(environment.PYENV_ROOT || join(home, '.pyenv'), 'versions'),
    environment.UV_PYTHON_INSTALL_DIR || join(data, 'uv', 'python'),
    '/Library/Frameworks/Python.framework/Versions',
  ];
  const found = await Promise.all(
    parents.map(async (parent) => (await entriesOf(parent)).map((name) => join(parent, name, 'bin'))),
  );
  return [...found.flat(), ...(await kegFolders(environment.HOMEBREW_PREFIX))];
}

/** Homebrew keeps each Python in a keg of its own, and links only the newest into its `bin`. */
async function kegFolders(prefix: string | undefined): Promise<string[]> {
  const kegs = [...new Set([prefix ?? '/opt/homebrew', '/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'])];
  const found = await Promise.all(
    kegs.map(async (keg) => {
      const names = (await entriesOf(join(keg, 'opt'))).filter((name) => /^python@3\.\d+$/.test(name));
      return names.map((name) => join(keg, 'opt', name, 'bin'));
    }),
  );
  return found.flat();
}

/** Names in a folder; none if it cannot be read. */
export async function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
