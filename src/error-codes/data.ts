/** Error codes about syncs, the cache, queries, exports and schedules. */
import type { ErrorTopic } from './types.ts';

export const DATA_ERRORS = [
  {
    title: 'Sync',
    entries: [
      {
        codes: ['cursor_needed', 'cursor_not_used', 'cursor_defined_by_source'],
        kinds: ['input'],
        meaning: 'the cursor field is missing, or must not be given',
        next: 'give or omit `cursor_field`',
      },
      {
        codes: ['primary_key_needed'],
        kinds: ['input'],
        meaning: 'the mode needs a primary key',
        next: 'give `primary_key`, or use a mode that appends or overwrites',
      },
      {
        codes: ['damaged_states'],
        kinds: ['setup'],
        meaning: 'the stored state of a destination cannot be read',
        next: 'restore the file, or call `start_sync` with `restart: true`',
      },
      {
        codes: ['dataset_taken', 'schema_taken'],
        kinds: ['input'],
        meaning: 'the dataset belongs to another source, or was not created by a sync',
        next: 'save the source under another name',
      },
      {
        codes: ['destination_gone'],
        kinds: ['limit'],
        meaning: 'the destination stopped accepting data',
        next: 'read its error',
      },
      {
        codes: ['mode_not_supported', 'mode_not_supported_by_destination'],
        kinds: ['input'],
        meaning: 'the stream or the destination cannot do this mode',
        next: 'use a mode that the error lists',
      },
      {
        codes: ['no_streams', 'stream_twice', 'option_twice', 'option_without_stream'],
        kinds: ['input'],
        meaning: 'the list of streams or options is wrong',
        next: 'name each stream once, with at most one option',
      },
      {
        codes: ['sync_running'],
        kinds: ['limit'],
        meaning: 'a sync of this source is running',
        next: 'wait for it with `get_sync`, or cancel it',
      },
      {
        codes: ['sync_superseded'],
        kinds: ['limit'],
        meaning: 'another server began to sync the same source into the shared cache',
        next: 'let one machine sync a source; on the others save it under another name, or query its tables',
      },
      {
        codes: ['unknown_stream', 'unknown_cursor_field', 'unknown_key_field', 'unknown_scenario'],
        kinds: ['input'],
        meaning: 'there is no such stream, field or scenario',
        next: 'use a name that the error lists',
      },
    ],
  },
  {
    title: 'Cache',
    entries: [
      {
        codes: ['bad_cache_path'],
        kinds: ['setup'],
        meaning: 'DuckDB does not accept `?` in a path',
        next: 'set `AIRBYTE_PROJECT_DIR` to another path',
      },
      {
        codes: ['cache_busy', 'cache_unreachable'],
        kinds: ['setup'],
        meaning: 'the Postgres server is busy or cannot be reached',
        next: 'call again in a minute, or check host and network',
      },
      {
        codes: ['cache_disk_full', 'cache_out_of_memory'],
        kinds: ['setup'],
        meaning: 'the Postgres server has no disk space or memory left; nothing committed is lost',
        next: 'free some on the server, then call again',
      },
      {
        codes: ['cache_commit_unknown', 'cache_connection_lost'],
        kinds: ['limit'],
        meaning: 'the connection to Postgres was lost',
        next: 'call again; a sync resumes from the state in the cache',
      },
      {
        codes: ['cache_constraint'],
        kinds: ['setup'],
        meaning: 'a constraint that a person created rejects a row',
        next: 'drop the constraint',
      },
      {
        codes: ['cache_database', 'cache_login'],
        kinds: ['setup'],
        meaning: 'there is no such database, or the login was rejected',
        next: 'check the URL, and the rights of its user',
      },
      {
        codes: ['cache_locked'],
        kinds: ['limit'],
        meaning: 'another session or program holds the cache',
        next: 'call again, or close its connection',
      },
      {
        codes: ['cache_newer'],
        kinds: ['setup'],
        meaning: 'a newer Sluice or DuckDB wrote the cache',
        next: 'update Sluice, or use another project directory',
      },
      {
        codes: ['cache_not_permitted'],
        kinds: ['setup'],
        meaning: 'this user may not read or write the cache',
        next: 'grant the right that the error names',
      },
      {
        codes: ['cache_read_only'],
        kinds: ['setup'],
        meaning: 'the Postgres server is read-only',
        next: 'name the primary server in the URL',
      },
      {
        codes: ['cache_role'],
        kinds: ['setup'],
        meaning: 'the role of the URL has too many rights for `query`, or too few',
        next: 'run the statements that the error lists',
      },
      {
        codes: ['cache_row_too_large'],
        kinds: ['limit'],
        meaning: 'Postgres cannot store a row or table of this width',
        next: 'leave the stream out, or keep the cache in DuckDB',
      },
      {
        codes: ['cache_tls'],
        kinds: ['setup'],
        meaning: "the server's certificate is not accepted",
        next: 'see [Shared cache](shared-cache.md#set-it-up)',
      },
      {
        codes: ['cache_unreadable'],
        kinds: ['setup'],
        meaning: 'the cache file does not open as a DuckDB database; nothing was deleted',
        next: 'restore a backup, or move the file and its `.wal` away and sync again',
      },
      {
        codes: ['cache_url'],
        kinds: ['setup'],
        meaning: '`SLUICE_CACHE_URL` cannot be used',
        next: 'write a reference to a `postgres://` URL',
      },
      {
        codes: ['cache_version'],
        kinds: ['setup'],
        meaning: 'the server is older than Postgres 14',
        next: 'update it',
      },
      {
        codes: ['no_data_yet', 'unknown_dataset', 'unknown_table', 'table_without_dataset'],
        kinds: ['input'],
        meaning: 'there is no such data',
        next: 'sync it, or use a name that `describe_data` lists',
      },
      {
        codes: ['table_in_use'],
        kinds: ['setup'],
        meaning: 'an object that a person created depends on the table',
        next: 'drop it, or sync the stream in an incremental mode',
      },
    ],
  },
  {
    title: 'Query and export',
    entries: [
      {
        codes: ['busy'],
        kinds: ['limit'],
        meaning: 'too many queries run at once',
        next: 'wait for the answers of the others',
      },
      {
        codes: ['export_too_large'],
        kinds: ['limit'],
        meaning: 'the export exceeds its limit; nothing of it is stored',
        next: 'filter, or raise the setting that the error names',
      },
      {
        codes: ['file_exists', 'file_name_format', 'file_name_refused'],
        kinds: ['input'],
        meaning: 'the file exists, or its name does not fit',
        next: 'choose another name',
      },
      {
        codes: ['parquet_integer'],
        kinds: ['input'],
        meaning: 'integers of more than 38 digits do not fit into Parquet',
        next: 'cast them to `VARCHAR`, or use another format',
      },
      {
        codes: ['query_timeout', 'query_memory', 'query_too_large'],
        kinds: ['limit'],
        meaning: 'the query took too long, or too much memory, or its rows are too large',
        next: 'filter or aggregate earlier, or select fewer columns',
      },
      {
        codes: ['sql_characters', 'sql_empty', 'sql_syntax', 'sql_error', 'unknown_column'],
        kinds: ['input'],
        meaning: 'the SQL cannot be read or does not fit the tables',
        next: 'correct what the message says',
      },
      {
        codes: ['sql_function', 'sql_table_function', 'sql_parameter', 'sql_refused'],
        kinds: ['input'],
        meaning: 'a part of the SQL is not allowed',
        next: 'read from tables of the cache only',
      },
      {
        codes: ['sql_many_statements', 'sql_not_select'],
        kinds: ['input'],
        meaning: 'only one `SELECT` is run',
        next: 'send one `SELECT`',
      },
      {
        codes: ['sql_not_alone'],
        kinds: ['input'],
        meaning: 'the SQL cannot be used inside another `SELECT`',
        next: 'remove a comment at its end, and give each column its own name',
      },
      {
        codes: ['sql_too_deep', 'sql_too_long', 'sql_too_wide', 'sql_too_large_value'],
        kinds: ['input'],
        meaning: 'the SQL is too long or would become too large',
        next: 'shorten or split it',
      },
    ],
  },
  {
    title: 'Schedules',
    entries: [
      {
        codes: ['bad_schedule'],
        kinds: ['input'],
        meaning: 'the command or the schedule has a wrong form',
        next: 'write `sluice-mcp schedule NAME --every 1h`',
      },
      {
        codes: ['no_scheduler'],
        kinds: ['setup'],
        meaning: 'no scheduler works for this user',
        next: 'install cron, or let another scheduler run the command that the error shows',
      },
      {
        codes: ['not_scheduled'],
        kinds: ['input'],
        meaning: 'this source is not scheduled',
        next: 'use a name from `sluice-mcp schedule list`',
      },
      {
        codes: ['scheduler_failed'],
        kinds: ['setup'],
        meaning: 'the scheduler rejected the change',
        next: 'correct what the message says',
      },
    ],
  },
] as const satisfies readonly ErrorTopic[];
