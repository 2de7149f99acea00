/** A connector that prints generated data: a few lines of shell, so that its own cost is negligible. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectSchema } from './columns.ts';
import type { DataFiles } from './make.ts';
import type { DataSet } from './sets.ts';

const SCRIPT = `#!/bin/sh
here=\${0%/*}
[ -e "$here/calls" ] && echo "$1" >>"$here/calls"
case $1 in
  spec|check|discover|read) exec cat "$here/$1.jsonl" ;;
esac
exit 2
`;

/**
 * Writes the connector next to its data. If the folder has a file `calls`, each call appends its verb to it.
 * @returns the absolute path of the program
 */
export function replayConnector(set: DataSet, { folder }: Pick<DataFiles, 'folder'>): string {
  const program = join(folder, `source-replay-${set.name}`);
  writeFileSync(program, SCRIPT);
  chmodSync(program, 0o755);
  const say = (verb: string, message: object): void =>
    writeFileSync(join(folder, `${verb}.jsonl`), `${JSON.stringify(message)}\n`);
  const connectionSpecification = { type: 'object', properties: {} };
  say('spec', { type: 'SPEC', spec: { protocol_version: '0.2.0', connectionSpecification } });
  say('check', { type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } });
  const streams = set.streams.map(({ name, columns }) => ({
    name,
    json_schema: { type: 'object', additionalProperties: true, ...objectSchema(columns) },
    supported_sync_modes: ['full_refresh', 'incremental'],
    source_defined_cursor: true,
    default_cursor_field: ['id'],
    is_resumable: true,
  }));
  say('discover', { type: 'CATALOG', catalog: { streams } });
  return program;
}
