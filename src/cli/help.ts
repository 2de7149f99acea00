/** Help for a person at a terminal. */
import type { Command } from './arguments.ts';

const HELP = `sluice-mcp: run Airbyte connectors on this machine, sync into DuckDB, ask SQL. For MCP clients.

  sluice-mcp            serve MCP over stdin and stdout (what a client starts)
  sluice-mcp demo       the main path on a real connector, step by step
  sluice-mcp doctor     what is set up, what is missing, and how to mend it

  --env-file PATH       absolute path of the env file (else AIRBYTE_MCP_ENV_FILE)
  --project-dir PATH    absolute path of the project (else AIRBYTE_PROJECT_DIR)
  --version, --help
`;

/** @returns the exit code: 2 for a mistake, else 0 */
export function printHelp(
  command: Extract<Command, { name: 'help' | 'version' | 'mistake' }>,
  version: string,
): number {
  if (command.name === 'mistake') {
    process.stderr.write(`${command.message}\n\n${HELP}`);
    return 2;
  }
  process.stdout.write(command.name === 'version' ? `${version}\n` : HELP);
  return 0;
}
