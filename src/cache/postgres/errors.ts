/** Turns what `pg` throws into errors with a next step. Repeats no part of the connection URL, because all of it is secret. */
import { type ErrorCode, LimitError, messageOf, SetupError, SluiceError, systemCode } from '../../errors.ts';

/** SQLSTATE of a server error; undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  const code = systemCode(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object) ? code : undefined;
}

/** Whether a value is the cause: data exceptions, and limits that a value exceeds; not a row with too many values. */
export function isValueError(error: unknown): boolean {
  const state = sqlState(error) ?? '';
  return /^(22|54)/.test(state) && state !== TOO_MANY_COLUMNS && !isRowTooLarge(error);
}

const TOO_MANY_COLUMNS = '54011';

/** The server's function that puts a row into a page. */
function isRowTooLarge(error: unknown): boolean {
  return sqlState(error) === '54000' && (error as { routine?: unknown }).routine === 'RelationGetBufferForTuple';
}

const HOW = 'a person corrects the URL in the env file; the change holds from the next call on';

/** The error of a connection that could not be made. */
export function connectError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const { code, message, next } = whyNot(error);
  return new SetupError(code, `The shared cache cannot be reached: ${message}.`, next, {
    details: { setting: 'SLUICE_CACHE_URL', ...(systemCode(error) ? { reason: systemCode(error) } : {}) },
  });
}

function whyNot(error: unknown): { code: ErrorCode; message: string; next: string } {
  const state = sqlState(error);
  const system = systemCode(error) ?? '';
  const text = messageOf(error);
  if (state === '28P01' || state === '28000' || /SASL|SCRAM|password must be/i.test(text)) {
    const message = 'Postgres does not let this user in with this password';
    return { code: 'cache_login', message, next: `Check user and password of the URL, and pg_hba.conf: ${HOW}.` };
  }
  if (state === '3D000') {
    const message = 'the server has no database of that name';
    return { code: 'cache_database', message, next: `Create it, or name another: ${HOW}.` };
  }
  if (state === '42501') {
    const message = 'this user may not connect to that database';
    return { code: 'cache_login', message, next: 'A person grants it: GRANT CONNECT ON DATABASE … TO …;' };
  }
  if (state === '53300' || state === '57P03') {
    const message = state === '53300' ? 'the server has no connection left' : 'the server is starting or stopping';
    return { code: 'cache_busy', message, next: 'Call again in a minute.' };
  }
  if (/does not support SSL/.test(text)) {
    const message = 'the server offers no TLS, and none unencrypted was allowed';
    const next = `Turn TLS on in the server (ssl = on), or, in a network that you trust, add ?sslmode=disable: ${HOW}.`;
    return { code: 'cache_tls', message, next };
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL|EPROTO/.test(system) || /certificate|altnames/i.test(text)) {
    const message = "the server's TLS certificate is not trusted, or is for another name";
    const next = `Add &sslrootcert=/abs/path/ca.pem with the authority that signed it, or ?sslmode=require to encrypt without checking it: ${HOW}.`;
    return { code: 'cache_tls', message, next };
  }
  if (system === 'ENOTFOUND' || system === 'EAI_AGAIN') {
    const message = "the host's name is not known here";
    return { code: 'cache_unreachable', message, next: `Check the host of the URL, and the network: ${HOW}.` };
  }
  const message = /timeout|ETIMEDOUT/i.test(`${text} ${system}`)
    ? 'the server does not answer'
    : `nobody answers as a Postgres there${system ? ` (${system})` : ''}`;
  const next = `Start the server, or check host, port and firewall: ${HOW}.`;
  return { code: 'cache_unreachable', message, next };
}

/** The connection broke during work, which the server has rolled back. */
function lostError(purpose: string): LimitError {
  return new LimitError(
    'cache_connection_lost',
    `The connection to the shared cache was lost at: ${purpose}. What was not committed is rolled back.`,
    'Call again; a sync continues from its last committed state.',
  );
}

/** Turns an error of the work on an open connection into an error of Sluice, unless it is a bug. */
export function workError(error: unknown, purpose: string, holders: string, waitMs: number): unknown {
  if (error instanceof SluiceError) return error;
  const state = sqlState(error);
  if (state === '55P03' || state === '40P01') return lockedError(purpose, holders, waitMs);
  if (state === undefined ? isLoss(error) : /^(08|57P0)/.test(state)) return lostError(purpose);
  if (state === '42501') {
    return new SetupError(
      'cache_not_permitted',
      `Postgres does not let this user do it (${purpose}): ${messageOf(error)}.`,
      'A person grants the right: GRANT CREATE, TEMPORARY ON DATABASE … TO …; a table is altered by its owner only.',
    );
  }
  if (state === '53100') {
    return new SetupError(
      'cache_disk_full',
      'The Postgres server has no disk space left.',
      'Free some there, and call again.',
    );
  }
  if (state === '53200') {
    return new SetupError(
      'cache_out_of_memory',
      `The Postgres server is out of memory (${purpose}).`,
      'Let a person give it more memory, or sync fewer streams at once; then call again.',
    );
  }
  if (state === '2BP01') {
    const { detail = '' } = error as { detail?: string };
    return new SetupError(
      'table_in_use',
      `The table cannot be replaced or removed because another database object depends on it: ${detail.split('\n').slice(0, 5).join('; ') || messageOf(error)}.`,
      'Let a person drop it (and make it again afterwards), or sync the stream in an incremental mode.',
    );
  }
  if (state?.startsWith('23')) {
    return new SetupError(
      'cache_constraint',
      `A constraint that a person made on a table refuses a row: ${messageOf(error)}.`,
      'Let a person drop the constraint; a sync takes the rows as the source has them.',
    );
  }
  if (state?.startsWith('54')) {
    return new LimitError(
      'cache_row_too_large',
      `Postgres cannot store a row or table of this size: ${messageOf(error)}.`,
      'A table has at most 1,600 columns and a row 8 kB, of which a filled column takes 8 bytes for a number and up to 18 for a text: some 450 filled texts. Leave the stream out, or keep the cache in DuckDB.',
    );
  }
  if (state === '25006') {
    const why = 'The shared cache is read-only: it is a standby, or its default is read-only.';
    return new SetupError('cache_read_only', why, 'Let a person name the primary server in the URL.');
  }
  return error;
}

function isLoss(error: unknown): boolean {
  return (
    /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNREFUSED|ERR_STREAM_)/.test(systemCode(error) ?? '') ||
    /Connection terminated|not queryable|Client was closed/.test(messageOf(error))
  );
}

function lockedError(purpose: string, holders: string, waitMs: number): LimitError {
  return new LimitError(
    'cache_locked',
    `The shared cache was not free for: ${purpose}; waited ${(waitMs / 1000).toFixed(1)} s for ${holders || 'another session'}.`,
    'If that is another Sluice, call again in a minute. If it is a person or a program, let it end its transaction.',
  );
}
