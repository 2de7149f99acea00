/** Writes an export as a staged file, then moves it into the exports folder, completely or not at all. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, copyFile, link, readdir, realpath, rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError, systemCode } from '../../errors.ts';
import { identify } from '../../project/index.ts';

const MAX_TRIES = 1000;

export interface StagedExport {
  readonly path: string;
  /** All files written in the process. */
  readonly files: readonly string[];
  /** Removes what is left of them. */
  remove(): Promise<void>;
}

/** A path for the half-written file. What a dead server left half-written is removed first. */
export async function stagedExport(staging: string): Promise<StagedExport> {
  const folder = await realpath(staging);
  await removeLeftovers(folder);
  const path = join(folder, `export-${process.pid}-${randomBytes(6).toString('hex')}`);
  // A Postgres cache writes CSV first, and the other formats from it.
  const files = [path, `${path}.csv`];
  return {
    path,
    files,
    async remove() {
      await Promise.all(files.map((file) => rm(file, { force: true })));
    },
  };
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^export-(\d+)-/.exec(name)?.[1]);
    if (pid && (await identify(pid)) === undefined) await rm(join(folder, name), { force: true });
  }
}

/** @throws InputError `file_exists` with the next free name */
export async function checkFreeName(folder: string, name: string): Promise<void> {
  if (await isThere(join(folder, name))) throw await fileExists(folder, name);
}

/**
 * Gives the file its name, readable for its owner only.
 * @returns its path, and an id that survives renaming
 * @throws InputError `file_exists`
 */
export async function publishExport(
  staged: string,
  folder: string,
  name: string,
): Promise<{ readonly path: string; readonly id: string }> {
  const path = join(folder, name);
  await chmod(staged, 0o600);
  try {
    // Unlike a rename, neither a link nor this copy replaces an existing file.
    await link(staged, path).catch((error: unknown) => {
      if (systemCode(error) === 'EEXIST') throw error;
      return copyFile(staged, path, constants.COPYFILE_EXCL);
    });
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? await fileExists(folder, name) : error;
  }
  const { dev, ino, birthtimeMs } = await stat(path);
  return { path, id: `${dev}-${ino}-${birthtimeMs}` };
}

async function fileExists(folder: string, name: string): Promise<InputError> {
  const ending = extname(name);
  const stem = name.slice(0, name.length - ending.length);
  let free = name;
  for (let number = 2; number < MAX_TRIES && (await isThere(join(folder, free))); number += 1) {
    free = `${stem}-${number}${ending}`;
  }
  return new InputError(
    'file_exists',
    `There is a file ${JSON.stringify(name)} in the exports folder already; nothing is overwritten.`,
    `Choose another name: "${free}" is free.`,
    { details: { free_name: free } },
  );
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
