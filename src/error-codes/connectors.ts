/** Error codes about configuring and running a connector. */
import type { ErrorTopic } from './types.ts';

export const CONNECTOR_ERRORS = [
  {
    title: 'Configure and run a connector',
    entries: [
      {
        codes: ['bad_spec'],
        kinds: ['connector'],
        meaning: "the connector's own specification is not a usable JSON Schema",
        next: 'take another version',
      },
      {
        codes: ['check_failed'],
        kinds: ['connector'],
        meaning: "the connector's own check rejected the configuration",
        next: "read its message; check the secret's value and its access rights",
      },
      {
        codes: ['connector_config_error', 'connector_system_error', 'connector_transient_error'],
        kinds: ['connector'],
        meaning: 'the connector reported an error: in its configuration, in itself, or a temporary one',
        next: 'correct the configuration, read its log, or try again later',
      },
      {
        codes: ['connector_crashed'],
        kinds: ['connector'],
        meaning: 'the connector ended without an error message of its own',
        next: 'read the end of its log in the details',
      },
      {
        codes: ['connector_overrun'],
        kinds: ['connector'],
        meaning: 'the connector exceeded a limit and was stopped',
        next: 'raise the limit, such as `SLUICE_CONNECTOR_MEMORY`, or read less',
      },
      {
        codes: ['connector_timeout'],
        kinds: ['limit'],
        meaning: 'the connector did not answer in time',
        next: 'check that the addresses in its configuration can be reached',
      },
      {
        codes: ['damaged_source', 'damaged_destination'],
        kinds: ['setup'],
        meaning: "a saved connector's file cannot be read",
        next: 'save it again',
      },
      {
        codes: ['invalid_config'],
        kinds: ['input'],
        meaning: "the configuration does not match the connector's spec",
        next: 'correct the fields that the error lists',
      },
      {
        codes: ['local_path'],
        kinds: ['input'],
        meaning: 'the configuration names a path that the connector must not use',
        next: 'allow its folder with `SLUICE_READ_DIRS` or `SLUICE_WRITE_DIRS`',
      },
      {
        codes: ['no_history'],
        kinds: ['input'],
        meaning: 'no earlier version of this name is stored',
        next: 'use a name that the error lists',
      },
      {
        codes: ['sandbox_missing'],
        kinds: ['setup'],
        meaning: '`SLUICE_SANDBOX` is `require` and there is no sandbox',
        next: 'install `bubblewrap`, or set `auto`',
      },
    ],
  },
] as const satisfies readonly ErrorTopic[];
