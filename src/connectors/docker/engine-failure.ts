/** Describes a refused operation of the engine, or a lost engine, so that the reader can act on it. */
import { SetupError, systemCode } from '../../errors.ts';
import { EngineError } from './engine-call.ts';

/** @param what the engine was to do, such as `start the container`; any other error is returned as it is */
export function engineFailure(error: unknown, what: string): unknown {
  if (error instanceof EngineError) {
    return new SetupError(
      'docker_engine_failed',
      `The Docker engine could not ${what}: ${error.message.slice(0, 500).replace(/\.$/, '')}.`,
      'Correct what the engine reports; another version of the connector may have a sound image.',
      { cause: error },
    );
  }
  const code = systemCode(error);
  // ENOENT means a missing engine only for its socket, not for any other file.
  const lost = code === 'ENOENT' ? (error as NodeJS.ErrnoException).syscall === 'connect' : LOST_CODES.has(code ?? '');
  if (!lost) return error;
  return new SetupError(
    'docker_engine_lost',
    `The Docker engine went away when it was to ${what} (${code}).`,
    'See that Docker runs, and call again.',
    { cause: error },
  );
}

/** The system's codes for a connection that was refused, broken or cannot be made. */
const LOST_CODES = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);
