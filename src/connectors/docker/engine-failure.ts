/** What the engine says no to, and an engine that is gone, in words that the reader can act on. */
import { SetupError, systemCode } from '../../errors.ts';
import { EngineError } from './engine-call.ts';

/** @param what the engine was to do, such as `start the container`; any other error is returned as it is */
export function engineFailure(error: unknown, what: string): unknown {
  if (error instanceof EngineError) {
    return new SetupError(
      'docker_engine_failed',
      `The Docker engine could not ${what}: ${error.message.slice(0, 500).replace(/\.$/, '')}.`,
      'Correct what the engine says; another version of the connector may have a sound image.',
      { cause: error },
    );
  }
  const code = systemCode(error);
  // A socket that is gone, and not any other file.
  const lost = code === 'ENOENT' ? (error as NodeJS.ErrnoException).syscall === 'connect' : LOST.test(code ?? '');
  if (!lost) return error;
  return new SetupError(
    'docker_engine_lost',
    `The Docker engine went away when it was to ${what} (${code}).`,
    'See that Docker runs, and call again.',
    { cause: error },
  );
}

const LOST = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/;
