/** Finds the user of a container's program, so that only this user owns its files. */
import { SetupError } from '../../errors.ts';
import type { Engine } from './engine.ts';
import { bytesOf, call, EngineError } from './engine-call.ts';
import { firstFile } from './tar.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * @param container its id; it need not run
 * @param user as the image gives it: a name or a number, with or without `:group`; empty is root
 * @throws EngineError; SetupError `image_user_unknown`
 */
export async function resolveUser(
  engine: Engine,
  container: string,
  user: string,
  signal: AbortSignal,
): Promise<Owner> {
  const [name = '', group = ''] = user.split(':');
  if (name === '' && group === '') return { uid: 0, gid: 0 };
  const read = (path: string): Promise<string> => readInside(engine, container, path, signal);
  const account = isNumber(name)
    ? { uid: Number(name), gid: accountOf(await read('/etc/passwd'), ({ uid }) => uid === Number(name))?.gid ?? 0 }
    : name === ''
      ? { uid: 0, gid: 0 }
      : accountOf(await read('/etc/passwd'), (line) => line.name === name);
  if (!account) {
    throw new SetupError(
      'image_user_unknown',
      `The image runs as ${JSON.stringify(name.slice(0, 80))}, who is not in its /etc/passwd.`,
      'Use another version of the connector: this image is not sound.',
    );
  }
  if (group === '') return account;
  if (isNumber(group)) return { ...account, gid: Number(group) };
  // A program's files need its user; its group is only for their looks.
  const found = linesOf(await read('/etc/group')).find((fields) => fields[0] === group);
  return { ...account, gid: Number(found?.[2] ?? account.gid) };
}

function accountOf(passwd: string, matches: (line: { name: string; uid: number }) => boolean): Owner | undefined {
  for (const [name = '', , uid, gid] of linesOf(passwd)) {
    if (matches({ name, uid: Number(uid) })) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

function linesOf(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'));
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

/** A file of the container; empty if it has none. */
async function readInside(engine: Engine, container: string, path: string, signal: AbortSignal): Promise<string> {
  try {
    const archive = await call(engine.docker.getContainer(container).getArchive({ path }).then(bytesOf), { signal });
    return firstFile(archive)?.toString('utf8') ?? '';
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return '';
    throw error;
  }
}
