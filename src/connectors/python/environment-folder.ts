/** One installed connector version on disk: what is in its folder, and whether that can still be run. */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectorError } from '../../errors.ts';
import { isPython, type PythonMarker, readMarker } from '../markers.ts';
import { normalisedName } from './package-index.ts';
import { entriesOf, isExecutable } from './program-folders.ts';

export const VENV = 'venv';

/** Reads the folder's marker; undefined if nothing usable is installed, as after a project move or a removed Python. */
export async function readEnvironment(folder: string): Promise<PythonMarker | undefined> {
  const marker = await readMarker(folder);
  if (!isPython(marker) || typeof marker.package !== 'string') return undefined;
  if (!marker.program.startsWith(join(folder, VENV)) || !(await isExecutable(marker.program))) return undefined;
  const python = await realpath(join(folder, VENV, 'bin', 'python')).catch(() => undefined);
  return python ? marker : undefined;
}

export interface Distribution {
  readonly version: string;
  /** Absolute path. */
  readonly program: string;
  /** The module in which the program begins, such as `source_faker.run`. */
  readonly module?: string;
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
      return { version, ...(await findProgram(folder, join(site, name), packageName, connector)) };
    }
  }
  throw incomplete(`${packageName} is not among what the installer installed`);
}

async function findProgram(
  folder: string,
  distInfo: string,
  packageName: string,
  connector: string,
): Promise<Omit<Distribution, 'version'>> {
  const scripts = consoleScripts(await readFile(join(distInfo, 'entry_points.txt'), 'utf8').catch(() => ''));
  const names = [...scripts.keys()];
  const named = names.find((name) => name === connector) ?? names.find((name) => /^(source|destination)-/.test(name));
  for (const candidate of [named ?? connector, connector, names[0]]) {
    const path = candidate === undefined ? undefined : join(folder, VENV, 'bin', candidate);
    if (path && (await isExecutable(path))) return { program: path, module: scripts.get(candidate ?? '') };
  }
  throw incomplete(`${packageName} brings no program named ${connector}`);
}

/** Name to module in the `[console_scripts]` section of an `entry_points.txt`. */
function consoleScripts(text: string): Map<string, string> {
  const section = /\[console_scripts\]([^[]*)/.exec(text)?.[1] ?? '';
  const lines = section.split('\n').map((line) => /^\s*([\w.-]+)\s*=\s*([\w.]+)\s*:/.exec(line));
  return new Map(lines.flatMap((match) => (match?.[1] && match[2] ? [[match[1], match[2]] as const] : [])));
}

function incomplete(reason: string): ConnectorError {
  return new ConnectorError(
    'install_incomplete',
    `The installation is unusable: ${reason}.`,
    'Use another version of the connector.',
  );
}
