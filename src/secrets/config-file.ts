/** Reads a `config_file`: it belongs to the person, so it may lie only where the person said, and none of its text is ever told. */
import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Settings } from '../config/index.ts';
import { type Problem, systemCode } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';

const MAX_BYTES = 1024 * 1024;

export type LoadedLayer = { readonly config: JsonObject } | { readonly problem: Problem };

/** Never throws for what is wrong with the file: all problems of a call are told together. */
export async function readConfigFile(path: string, settings: Settings): Promise<LoadedLayer> {
  if (!isAbsolute(path) || path.includes('\0')) {
    return wrong(
      `The path ${JSON.stringify(path)} is not absolute.`,
      'Write the absolute path of a YAML or JSON file.',
    );
  }
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    return unreadable(path, error);
  }
  const folders = [...settings.configDirectories, settings.projectDirectory.path].filter(
    (folder) => folder !== undefined,
  );
  if (!(await isInsideAny(real, folders))) {
    const where = folders.length > 0 ? folders.join(', ') : 'no folder at all';
    return wrong(
      `${path} lies outside the folders from which configurations may be read (${where}).`,
      'Ask the user to move the file there, or to add its folder to SLUICE_CONFIG_DIRS and restart the server.',
    );
  }
  const project = settings.projectDirectory.path;
  const own = project ? ['runs', 'updates'].map((name) => join(project, name)) : [];
  if (await isInsideAny(real, own)) {
    return wrong(`${path} is a connector's own file.`, 'Use a configuration file of the user.');
  }
  return readInside(path, real, settings.envFile.path);
}

async function readInside(path: string, real: string, envFile: string | undefined): Promise<LoadedLayer> {
  let text: string;
  try {
    // What was checked is what is read: no link is followed any more, and a pipe does not block.
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = await file.stat();
      if (!facts.isFile()) return wrong(`${path} is not a file.`, 'Write the absolute path of a YAML or JSON file.');
      const secrets = envFile === undefined ? undefined : await stat(envFile).catch(() => undefined);
      if (secrets && secrets.ino === facts.ino && secrets.dev === facts.dev) {
        return wrong(
          `${path} is the env file, which is never read as a configuration.`,
          'Refer to its names with secret_reference::NAME in config.',
        );
      }
      if (facts.size > MAX_BYTES) {
        return wrong(`${path} is larger than 1 MiB.`, 'A configuration is small: check that this is the right file.');
      }
      text = new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof TypeError) return wrong(`${path} is not valid UTF-8.`, 'Save it again as UTF-8.');
    return unreadable(path, error);
  }
  return parsedLayer('config_file', path, text);
}

/** @param source what the reader knows the text by: a path, or the name of a secret */
export async function parsedLayer(layer: string, source: string, text: string): Promise<LoadedLayer> {
  // The YAML parser is loaded by the first call that needs it.
  const { parseConfigText } = await import('./config-text.ts');
  const parsed = parseConfigText(text);
  if ('config' in parsed) return parsed;
  const problem =
    parsed.wrong === 'syntax'
      ? {
          message: `${source} is no valid YAML or JSON: line ${parsed.line}, column ${parsed.column}.`,
          fix: 'Ask the user to correct it there.',
        }
      : {
          message: `${source} does not hold an object.`,
          fix: 'It must hold keys and values, as the connector expects them.',
        };
  return { problem: { path: layer, ...problem } };
}

function wrong(message: string, fix: string): LoadedLayer {
  return { problem: { path: 'config_file', message, fix } };
}

function unreadable(path: string, error: unknown): LoadedLayer {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return wrong(`There is no file at ${path}.`, 'Check the path.');
  return wrong(`${path} cannot be read (${code ?? 'unknown error'}).`, 'Ask the user to make it readable.');
}

async function isInsideAny(real: string, folders: readonly string[]): Promise<boolean> {
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
  return roots.some((root) => {
    if (root === undefined) return false;
    const rest = relative(root, real);
    return rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
  });
}
