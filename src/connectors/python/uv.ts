import { join } from 'node:path';
import { askTool } from '../process/tool-run.ts';
import { type Environment, homeOf, isExecutable, programFolders } from './program-folders.ts';

export interface Uv {
  readonly path: string;
  readonly version: string;
}

/** The first uv that works; looked up again each time, because a person may just have installed it. */
export async function findUv(environment: Environment): Promise<Uv | undefined> {
  const shims = join(environment.PYENV_ROOT || join(homeOf(environment), '.pyenv'), 'shims');
  for (const folder of [...programFolders(environment), shims]) {
    const path = join(folder, 'uv');
    if (!(await isExecutable(path))) continue;
    const { succeeded, stdout } = await askTool(path, ['--version'], environment);
    const version = /^uv (\S+)/.exec(stdout)?.[1];
    if (succeeded && version) return { path, version };
  }
  return undefined;
}
