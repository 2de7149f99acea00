/** One installed connector version on disk: what is in its folder, and whether that can still be run. */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectorError } from '../../errors.ts';
import { isPython, type PythonMarker, readMarker } from '../markers.ts';
import { normalisedName } from './package-index.ts';
import { entriesOf, isExecutable } from './places.ts';

export const VENV = 'venv';

/** What the folder's marker says, or undefined where nothing usable is installed: a moved project, a Python that is gone. */
export async function readEnvironment(folder: string): Promise<PythonMarker | undefined> {
  const marker = await readMarker(folder);
  if (!isPython(marker)) return undefined;
  if (!marker.program.startsWith(join(folder, VENV)) || !(await isExecutable(marker.program))) return undefined;
  const python = await realpath(join(folder, VENV, 'bin', 'python')).catch(() => undefined);
  return python ? marker : undefined;
}

export interface Distribution {
  readonly version: string;
  readonly program: string;
}

/**
 * What the installer really put there.
 * @throws ConnectorError `install_incomplete` when the package or its program is missing
 */
export async function findDistribution(folder: string, packageName: string, connector: string): Promise<Distribution> {
  const library = join(folder, VENV, 'lib');
  for (const python of await readdir(library)) {
    const site = join(library, python, 'site-packages');
    for (const name of await entriesOf(site)) {
      const [, found, version] = /^(.+)-([^-]+)\.dist-info$/.exec(name) ?? [];
      if (!found || !version || normalisedName(found) !== normalisedName(packageName)) continue;
      return { version, program: await findProgram(folder, join(site, name), packageName, connector) };
    }
  }
  throw incomplete(`${packageName} is not among what the installer installed`);
}

async function findProgram(folder: string, distInfo: string, packageName: string, connector: string): Promise<string> {
  const scripts = consoleScripts(await readFile(join(distInfo, 'entry_points.txt'), 'utf8').catch(() => ''));
  const named =
    scripts.find((script) => script === connector) ?? scripts.find((script) => /^(source|destination)-/.test(script));
  for (const candidate of [named ?? connector, connector, scripts[0]]) {
    const path = candidate === undefined ? undefined : join(folder, VENV, 'bin', candidate);
    if (path && (await isExecutable(path))) return path;
  }
  throw incomplete(`${packageName} brings no program named ${connector}`);
}

/** The names in the `[console_scripts]` section of an `entry_points.txt`. */
function consoleScripts(text: string): string[] {
  const section = /\[console_scripts\]([^[]*)/.exec(text)?.[1] ?? '';
  return section.split('\n').flatMap((line) => /^\s*([\w.-]+)\s*=/.exec(line)?.[1] ?? []);
}

function incomplete(reason: string): ConnectorError {
  return new ConnectorError(
    'install_incomplete',
    `The installation is of no use: ${reason}.`,
    'Use another version of the connector.',
  );
}
