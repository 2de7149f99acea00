/** Ends an export that exceeds its limit, by checking the size of its file while it grows. */
import { stat } from 'node:fs/promises';
import { LimitError } from '../../errors.ts';
import { bytesText } from '../text.ts';

export interface ExportLimits {
  readonly bytes: number;
  readonly rows: number;
}

const CHECK_MS = 100;

/**
 * Runs `write` with a signal that is aborted when the files have grown too large.
 * @param files absolute paths; they need not exist
 * @throws LimitError `export_too_large`
 */
export async function withinLimits<T extends { readonly rows: number; readonly bytes: number }>(
  files: readonly string[],
  limits: ExportLimits,
  signal: AbortSignal,
  write: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setInterval(async () => {
    const sizes = await Promise.all(files.map(sizeOf));
    if (sizes.some((size) => size > limits.bytes)) controller.abort(tooManyBytes(limits.bytes));
  }, CHECK_MS);
  try {
    const written = await write(AbortSignal.any([signal, controller.signal]));
    if (written.bytes > limits.bytes) throw tooManyBytes(limits.bytes);
    if (written.rows > limits.rows) throw tooManyRows(written.rows, limits.rows);
    return written;
  } finally {
    clearInterval(timer);
  }
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

function tooManyBytes(limit: number): LimitError {
  return tooLarge(`The export is larger than ${bytesText(limit)}`, 'SLUICE_EXPORT_MAX_BYTES');
}

function tooManyRows(rows: number, limit: number): LimitError {
  const [has, may] = [rows, limit].map((number) => number.toLocaleString('en-US'));
  return tooLarge(`The export has ${has} rows, and ${may} are allowed`, 'SLUICE_EXPORT_MAX_ROWS');
}

function tooLarge(what: string, setting: string): LimitError {
  return new LimitError(
    'export_too_large',
    `${what}; nothing was exported.`,
    `Aggregate or filter, or export as parquet; or ask the user to raise ${setting} and restart the server.`,
  );
}
