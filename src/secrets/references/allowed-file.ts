/** Reads a file named by a call: only from folders that a person allowed, never Sluice's own files. */
import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { isWritten, type Settings } from '../../config/index.ts';
import { systemCode } from '../../errors.ts';

export interface FileRules {
  /** Plural noun for such files in messages: `configurations`. */
  readonly files: string;
  /** Singular noun: `a YAML or JSON file`. */
  readonly kind: string;
  readonly ownFile: { readonly message: string; readonly fix: string };
  /** Full MiB. */
  readonly maxMebibytes: number;
  readonly tooLarge: string;
}

export type AllowedFile =
  /** `real` has no links in it. */
  | { readonly text: string; readonly real: string }
  | { readonly message: string; readonly fix: string; readonly outside?: true };

/** Never throws because of a problem with the file. */
export async function readAllowedFile(path: string, settings: Settings, rules: FileRules): Promise<AllowedFile> {
  if (!isAbsolute(path) || path.includes('\0')) {
    return {
      message: `The path ${JSON.stringify(path)} is not absolute.`,
      fix: `Write the absolute path of ${rules.kind}.`,
    };
  }
  const project = settings.projectDirectory.path;
  const folders = [...settings.configDirectories, project].filter((folder) => folder !== undefined);
  const real = await realpath(path).catch(() => undefined);
  // The same message for both: otherwise the answer would reveal which files exist on this machine.
  if (real === undefined || !(await isInsideAny(real, folders))) {
    const where = folders.length > 0 ? folders.join(', ') : 'no folder at all';
    return {
      message: `${path} is not a file in the folders from which ${rules.files} may be read (${where}).`,
      fix: 'Check the path; or ask the user to move the file there, or to add its folder to SLUICE_CONFIG_DIRS and restart the server.',
      outside: true,
    };
  }
  if (isWritten(real, settings))
    return { message: `${path} is ${rules.ownFile.message}.`, fix: rules.ownFile.fix, outside: true };
  return readInside(path, real, settings.envFile.path, rules);
}

async function readInside(
  path: string,
  real: string,
  envFile: string | undefined,
  { kind, maxMebibytes, tooLarge }: FileRules,
): Promise<AllowedFile> {
  try {
    // Read exactly the checked file: follow no links, and do not block on a pipe.
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = await file.stat();
      if (!facts.isFile()) return { message: `${path} is not a file.`, fix: `Write the absolute path of ${kind}.` };
      const secrets = envFile === undefined ? undefined : await stat(envFile).catch(() => undefined);
      if (secrets && secrets.ino === facts.ino && secrets.dev === facts.dev) {
        return {
          message: `${path} is the env file, which is never read as a configuration.`,
          fix: 'Refer to its names with secret_reference::NAME in config.',
        };
      }
      if (facts.size > maxMebibytes * 1024 * 1024)
        return { message: `${path} is larger than ${maxMebibytes} MiB.`, fix: tooLarge };
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile()), real };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof TypeError) return { message: `${path} is not valid UTF-8.`, fix: 'Save it again as UTF-8.' };
    return unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): AllowedFile {
  return {
    message: `${path} cannot be read (${systemCode(error) ?? 'unknown error'}).`,
    fix: 'Ask the user to make it readable.',
  };
}

/** Whether a path without links is below one of the folders, whose own links are followed. */
export async function isInsideAny(real: string, folders: readonly string[]): Promise<boolean> {
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
  return roots.some((root) => {
    if (root === undefined) return false;
    const rest = relative(root, real);
    return rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
  });
}
