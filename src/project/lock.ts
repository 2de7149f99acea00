/** Locks between processes: a file that names its holder; a dead holder's lock is taken over. */

import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, LimitError, systemCode } from '../errors.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

export interface LockHolder extends ProcessIdentity {
  /** What the holder does, for the message to processes that wait. */
  readonly purpose: string;
}

export interface LockOptions {
  readonly purpose: string;
  /** Milliseconds to wait for another holder; 0 does not wait. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** Called once when the lock has to be waited for. */
  readonly onWait?: (holder: LockHolder) => void;
}

const RETRY_MS = 100;
/** Locks that this process holds: the file alone cannot distinguish two calls of one process. */
const heldHere = new Map<string, string>();

/**
 * Runs `body` while this process holds the lock at `path` (its folder is created).
 * @throws LimitError `locked` naming the holder when `waitMs` is over
 */
export async function withLock<T>(path: string, options: LockOptions, body: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + options.waitMs;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let reported = false;
  for (;;) {
    const holder = await tryTake(path, options.purpose);
    if (!holder) break;
    if (!reported) options.onWait?.(holder);
    reported = true;
    if (options.signal?.aborted) throw abortError(options.signal);
    if (Date.now() >= deadline) throw lockedError(holder);
    await sleep(RETRY_MS);
  }
  try {
    return await body();
  } finally {
    heldHere.delete(path);
    await rm(path, { force: true });
  }
}

async function tryTake(path: string, purpose: string): Promise<LockHolder | undefined> {
  const self = await identify(process.pid);
  const mine: LockHolder = { pid: process.pid, started: self?.started ?? '', purpose };
  const here = heldHere.get(path);
  if (here !== undefined) return { ...mine, purpose: here };
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        // Creating a link is atomic, so no reader ever sees an empty lock file.
        await link(temporary, path);
        heldHere.set(path, purpose);
        return undefined;
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
      const holder = await readHolder(path);
      if (holder && (await isAlive(holder))) return holder;
      await removeDead(path, temporary);
    }
    return (await readHolder(path)) ?? { ...mine, purpose: 'another process took the lock at the same moment' };
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Removes a dead holder's file. Only the holder of the guard may do so: the file cannot change hands in between,
 * and a live holder's lock is never removed, even temporarily.
 */
async function removeDead(path: string, temporary: string): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await link(temporary, guard);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    if (await isDead(guard)) await rm(guard, { force: true });
    return;
  }
  try {
    if (await isDead(path)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** Whether the file exists and does not name a live process. */
async function isDead(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (text === undefined) return false;
  const holder = holderIn(text);
  return holder === undefined || !(await isAlive(holder));
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  return holderIn(await readFile(path, 'utf8').catch(() => ''));
}

function holderIn(text: string): LockHolder | undefined {
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return undefined;
  }
}

function lockedError(holder: LockHolder): LimitError {
  return new LimitError(
    'locked',
    `Another process (pid ${holder.pid}) is busy here: ${holder.purpose}.`,
    'Wait until it has finished and call again, or end that process.',
    { details: { holder_pid: holder.pid, holder_purpose: holder.purpose } },
  );
}
