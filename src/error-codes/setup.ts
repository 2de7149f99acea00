/** Error codes about settings, files, arguments, modes and time. */
import type { ErrorTopic } from './types.ts';

export const SETUP_ERRORS = [
  {
    title: 'Settings and files',
    entries: [
      {
        codes: ['bad_project_directory', 'project_directory_unusable'],
        kinds: ['setup'],
        meaning: 'the project directory cannot be used',
        next: 'set `AIRBYTE_PROJECT_DIR` to the absolute path of a folder that you can write to',
      },
      {
        codes: ['disk_full'],
        kinds: ['setup'],
        meaning: 'no space is left on the disk, or a quota is used up; committed data is safe',
        next: 'free some space, then start again',
      },
      {
        codes: ['env_file_missing'],
        kinds: ['setup'],
        meaning: 'there is no file at `AIRBYTE_MCP_ENV_FILE`',
        next: 'create it with mode 600, or correct the path',
      },
      {
        codes: ['env_file_is_directory', 'env_file_not_a_file'],
        kinds: ['setup'],
        meaning: 'the path is not a regular file',
        next: 'set `AIRBYTE_MCP_ENV_FILE` to the file itself',
      },
      {
        codes: ['env_file_too_large'],
        kinds: ['setup'],
        meaning: 'the file is larger than 1 MiB',
        next: 'check that the path is the right one',
      },
      {
        codes: ['env_file_unreadable'],
        kinds: ['setup'],
        meaning: 'this user cannot read the file',
        next: '`chown "$USER" FILE && chmod 600 FILE`',
      },
      {
        codes: ['env_file_unusable'],
        kinds: ['setup'],
        meaning: 'the env file cannot be used; the message has the reason',
        next: 'do what the message says',
      },
      {
        codes: ['env_file_written'],
        kinds: ['setup'],
        meaning: 'the file is one that Sluice or a connector wrote',
        next: 'move it outside the folders of the project',
      },
      {
        codes: ['internal_error'],
        kinds: ['setup'],
        meaning: 'a bug in Sluice',
        next: 'report it with the version and the call',
      },
      {
        codes: ['locked'],
        kinds: ['limit'],
        meaning: 'another process works on the same thing',
        next: 'wait for it, or end it',
      },
      {
        codes: ['no_project'],
        kinds: ['input'],
        meaning: 'the terminal command does not know which project it is about',
        next: 'name it with `--project-dir`',
      },
    ],
  },
  {
    title: 'Arguments of a call',
    entries: [
      {
        codes: ['ambiguous_name', 'ambiguous_stream'],
        kinds: ['input'],
        meaning: 'several objects or streams have this name',
        next: 'give the id, or the full name that the error lists',
      },
      {
        codes: ['argument_does_not_fit', 'include_of_other_kind'],
        kinds: ['input'],
        meaning: 'an argument does not belong to this kind of object',
        next: 'leave it out',
      },
      {
        codes: ['argument_missing', 'nothing_to_change'],
        kinds: ['input'],
        meaning: 'a required argument or change is missing',
        next: 'add it',
      },
      {
        codes: ['argument_too_large', 'arguments_too_deep'],
        kinds: ['input'],
        meaning: 'the arguments are too large or nested too deeply',
        next: 'use `config_file` or `manifest_path` for large texts',
      },
      {
        codes: ['bad_arguments', 'unknown_argument'],
        kinds: ['input'],
        meaning: 'an argument has the wrong form or name',
        next: 'correct what the error lists',
      },
      {
        codes: ['bad_cursor', 'bad_log_offset'],
        kinds: ['input'],
        meaning: 'the value does not come from the previous answer, or its filters changed',
        next: 'pass it unchanged, or leave it out',
      },
      {
        codes: ['bad_id', 'bad_job_id', 'bad_status'],
        kinds: ['input'],
        meaning: 'this is not an id, a job number or a status',
        next: 'use a value from `list_cloud_objects`',
      },
      {
        codes: ['bad_source_name', 'bad_destination_name'],
        kinds: ['input'],
        meaning: 'the name has characters that are not allowed',
        next: 'a lower-case letter first, then up to 62 lower-case letters, digits, `_` or `-`',
      },
      {
        codes: ['dataset_clash', 'reserved_source_name'],
        kinds: ['input'],
        meaning: 'the name would lead to a dataset that exists or is reserved',
        next: 'choose another name',
      },
      {
        codes: ['source_or_connector'],
        kinds: ['input'],
        meaning: 'give either a saved source, or a connector with its configuration',
        next: 'leave one out',
      },
      {
        codes: ['too_many_secrets'],
        kinds: ['refused'],
        meaning: 'the answer would contain many secret values that come from the call itself',
        next: 'write `secret_reference::NAME`',
      },
      {
        codes: ['unknown_source', 'unknown_destination', 'unknown_sync', 'no_syncs_yet', 'unknown_kind'],
        kinds: ['input'],
        meaning: 'nothing is saved or known under this name',
        next: 'use a name that the error lists',
      },
      {
        codes: ['unknown_action', 'name_missing'],
        kinds: ['input'],
        meaning: 'the terminal command has an unknown action or lacks a name',
        next: 'correct the command as the message says',
      },
    ],
  },
  {
    title: 'Modes and time',
    entries: [
      {
        codes: ['safe_mode', 'read_only_mode'],
        kinds: ['refused'],
        meaning: 'a mode forbids the call',
        next: 'see [what the assistant may do](secrets-and-safety.md#what-the-assistant-may-do)',
      },
      {
        codes: ['not_confirmed'],
        kinds: ['input'],
        meaning: 'the terminal command was not confirmed; nothing was changed',
        next: 'confirm it, or add `--yes`',
      },
      {
        codes: ['cancelled', 'stopped', 'sync_cancelled'],
        kinds: ['limit'],
        meaning: 'the call or the sync was cancelled',
        next: 'start it again; a sync resumes from its last state',
      },
      {
        codes: ['closing', 'server_ended'],
        kinds: ['limit'],
        meaning: 'the server is shutting down',
        next: 'start it and repeat the call',
      },
      {
        codes: ['work_overdue'],
        kinds: ['limit'],
        meaning: 'the work took more than 30 minutes',
        next: 'ask for less',
      },
    ],
  },
] as const satisfies readonly ErrorTopic[];
