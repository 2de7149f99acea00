/** Help for a person at a terminal. */
import { nearest } from '../protocol/index.ts';
import type { Command } from './arguments.ts';

const HELP = `sluice-mcp: run Airbyte connectors on this machine, sync into DuckDB, ask SQL. For MCP clients.

  sluice-mcp            serve MCP over stdin and stdout (what a client starts)
  sluice-mcp demo       the main path on a real connector, step by step
  sluice-mcp doctor     what is set up, what is missing, and how to mend it

  --env-file PATH       the env file (else AIRBYTE_MCP_ENV_FILE)
  --project-dir PATH    the project's folder (else AIRBYTE_PROJECT_DIR)
  --version, --help
`;

/** @returns the exit code: 2 for a mistake, else 0 */
export function printHelp(
  command: Extract<Command, { name: 'help' | 'version' | 'mistake' }>,
  version: string,
): number {
  if (command.name === 'mistake') {
    const [near] = command.unknown ? nearest(command.unknown.word, command.unknown.known, 1) : [];
    process.stderr.write(`${command.message}${near === undefined ? '' : ` Did you mean ${near}?`}\n\n${HELP}`);
    return 2;
  }
  process.stdout.write(command.name === 'version' ? `${version}\n` : HELP);
  return 0;
}
