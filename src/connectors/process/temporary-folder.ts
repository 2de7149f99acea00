/** A folder for the temporary files of one run, inside the run's own, so that they go with it. */
import { createHash } from 'node:crypto';
import { mkdir, readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Sockets that Python makes there have names of some 32 characters more, and the path of a socket 103 at most. */
const MAX_LENGTH = 70;
const SHORT_PARENT = '/tmp';

/** @returns the path to use: a link with a short name if the folder's own is too long */
export async function makeTemporaryFolder(run: string): Promise<string> {
  const folder = join(run, 'tmp');
  await mkdir(folder, { mode: 0o700 });
  if (folder.length <= MAX_LENGTH) return folder;
  const link = linkOf(run);
  // Without such a folder, use the long name: most programs create no sockets.
  return symlink(folder, link).then(
    () => link,
    () => folder,
  );
}

/** Removes the link of any server's run; nothing else with the same name. */
export async function removeTemporaryLink(run: string): Promise<void> {
  const link = linkOf(run);
  const target = await readlink(link).catch(() => undefined);
  if (target === join(run, 'tmp')) await unlink(link).catch(() => {});
}

function linkOf(run: string): string {
  return join(SHORT_PARENT, `sluice-${createHash('sha256').update(run).digest('hex').slice(0, 16)}`);
}
