/** Every error code, with its meaning and the next step: `npm run docs` writes them into docs/troubleshooting.md. */
import { AIRBYTE_ERRORS } from './airbyte.ts';
import { CONNECTOR_ERRORS } from './connectors.ts';
import { DATA_ERRORS } from './data.ts';
import { DOCKER_ERRORS } from './docker.ts';
import { INSTALL_ERRORS } from './install.ts';
import { SETUP_ERRORS } from './setup.ts';
import type { ErrorTopic } from './types.ts';

export type { ErrorKind } from './types.ts';

const TABLE = [
  ...SETUP_ERRORS,
  ...INSTALL_ERRORS,
  ...DOCKER_ERRORS,
  ...CONNECTOR_ERRORS,
  ...DATA_ERRORS,
  ...AIRBYTE_ERRORS,
] as const;

export const ERROR_TOPICS: readonly ErrorTopic[] = TABLE;

/** A code that is in the table; the constructor of `SluiceError` takes no other. */
export type ErrorCode = (typeof TABLE)[number]['entries'][number]['codes'][number];
