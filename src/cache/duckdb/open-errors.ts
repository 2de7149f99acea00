/** Errors for a database file that does not open. */
import { InputError, LimitError, messageOf, SetupError, SluiceError } from '../../errors.ts';
import { diskError } from '../../project/index.ts';

/** Whether another process holds the file. */
export function isLockConflict(error: unknown): boolean {
  return /Could not set lock on file/.test(messageOf(error));
}

/** Another process held the file until the wait ended. */
export function lockedError(error: unknown, path: string, waitMs: number): LimitError {
  const [, program, pid] = /held in (.+?) \(PID (\d+)\)/.exec(messageOf(error)) ?? [];
  const holder = pid === undefined ? 'another process' : `process ${pid} (${program})`;
  const whose = pid === undefined ? {} : { holder_pid: Number(pid), holder_program: program };
  return new LimitError(
    'cache_locked',
    `The cache is held open by ${holder}; waited ${(waitMs / 1000).toFixed(1)} s for ${path}.`,
    'If that is another Sluice, call again in a few seconds. If it is a notebook or a database tool, close its connection to the file.',
    { details: { path, ...whose } },
  );
}

/** Nothing has been synced yet: the file does not exist, and a read does not create it. */
export function noDataYet(): InputError {
  return new InputError('no_data_yet', 'Nothing has been synced into the cache yet.', 'Call start_sync first.');
}

/** DuckDB reads what follows a `?` as options: its log would be elsewhere and commits would be lost. */
export function badPath(path: string): SetupError {
  return new SetupError(
    'bad_cache_path',
    `The cache cannot lie at ${path}: DuckDB does not take a "?" in a path.`,
    'A person must set AIRBYTE_PROJECT_DIR to a path without "?" and restart the server.',
  );
}

/** The file exists and does not open. Nothing is deleted. */
export function openError(error: unknown, path: string): SluiceError {
  const message = messageOf(error).split('\n')[0] ?? '';
  const facts = { details: { path, duckdb: message.slice(0, 500) }, cause: error };
  if (/version number|newer version|storage version/i.test(message)) {
    return new SetupError(
      'cache_newer',
      `The cache file was written by a newer DuckDB than this one: ${path}.`,
      'Update Sluice, or set AIRBYTE_PROJECT_DIR to another folder; the file is left as it is.',
      facts,
    );
  }
  if (/Permission denied|Read-only file system/i.test(message)) {
    return new SetupError(
      'cache_not_permitted',
      `The cache file may not be opened for writing by this user: ${path}.`,
      `Give this user the right to read and write it: chown or chmod u+rw "${path}" and its folder.`,
      facts,
    );
  }
  const full = diskError(error, path);
  if (full) return full;
  return new SetupError(
    'cache_unreadable',
    `The cache file does not open as a DuckDB database: ${path}: ${message.slice(0, 300)}`,
    `Nothing was deleted. Restore a backup of the file, or move it (and "${path}.wal") away and sync again.`,
    facts,
  );
}

/** Whether the file itself is damaged: it is truncated, or its parts do not match. */
export function isFileError(error: unknown): boolean {
  return (
    !(error instanceof SluiceError) &&
    /^(IO|Serialization) Error|corrupt|checksum|could not read enough bytes|no space left|file too large/i.test(
      messageOf(error),
    )
  );
}
