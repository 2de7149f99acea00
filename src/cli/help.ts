/** Help for a person at a terminal. */
import { nearest } from '../protocol/index.ts';
import type { Command } from './arguments.ts';

const HELP = `sluice-mcp: run Airbyte connectors on this machine, sync into DuckDB, ask SQL. For MCP clients.

  sluice-mcp            serve MCP over stdin and stdout (what a client starts)
  sluice-mcp demo       the main path on a real connector, step by step
  sluice-mcp doctor     what is set up, what is missing, how to fix it, and whether Airbyte answers
  sluice-mcp sync NAME  read a saved source into the cache, as start_sync does (for cron too)
      --stream STREAM   only this stream; may be repeated
      --destination D   into this saved destination instead of the cache
      --restart         delete the state of these streams and read all again
      --json            one JSON object a line: started, progress, and a result at the end
  sluice-mcp syncs      the latest syncs
      --limit N         how many (else 20)
      --json            as one JSON array
  sluice-mcp schedule NAME      sync it without an assistant: a systemd user timer, a launchd agent or a crontab entry
      --every 15min|1h|1d, or --cron "30 6 * * 1-5"
      --with systemd|launchd|crontab (else the first that works here)
      --yes             without asking; what is written is shown in any case
  sluice-mcp schedule list; sluice-mcp schedule remove NAME
  sluice-mcp remove KIND NAME   KIND: source, destination, dataset, table (dataset.table), connector (name or name@version), sync
      --yes             without asking
      --json            what is gone and what stays, as one JSON object

  sluice-mcp sources    saved sources; sluice-mcp destinations: saved destinations, with the same actions
      history NAME             versions that were replaced or removed, newest first
      restore NAME [VERSION]   puts one (else the newest) back; what it replaces is kept in turn
      prune NAME [VERSION]     removes all kept versions, or one; --yes: without asking
      --json                   as JSON

  --env-file PATH       the env file (else AIRBYTE_MCP_ENV_FILE)
  --project-dir PATH    the project's folder (else AIRBYTE_PROJECT_DIR)
  --version, --help

Exit status of sync: 0 complete; 1 failed, nothing new is kept; 2 the command or the saved source does not fit,
nothing was run; 3 incomplete, what is committed is kept and the next sync continues; 4 cancelled or interrupted by
somebody else; 129, 130, 143 ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM: what is committed is kept. Where a sync of
the source runs already in another process, it is waited for, and its end is the status.
Of syncs, sources, destinations, schedule and remove: 0 done; 1 failed; 2 the command does not fit, or was not confirmed, and nothing was changed.
`;

/** @returns the exit code: 2 for a mistake, else 0 */
export function printHelp(
  command: Extract<Command, { name: 'help' | 'version' | 'mistake' }>,
  version: string,
): number {
  if (command.name === 'mistake') {
    const [near] = command.unknown ? nearest(command.unknown.word, command.unknown.known, 1) : [];
    // The complete help would push the mistake off the screen.
    process.stderr.write(
      `${command.message}${near === undefined ? '' : ` Did you mean ${near}?`}\nAll commands and options: sluice-mcp --help\n`,
    );
    return 2;
  }
  process.stdout.write(command.name === 'version' ? `${version}\n` : HELP);
  return 0;
}
