/** A server that is going to be killed: run as a program, it starts the hostile source and waits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../protocol/index.ts';
import { HOSTILE, makeTestContext } from '../connector-context.fixture.ts';

const SELF = fileURLToPath(import.meta.url);

/** Starts one over the same project; `config` is what the hostile source gets. */
export async function startVictim(folder: string, config: JsonObject, sandbox: string): Promise<ChildProcess> {
  const env = { ...process.env, SLUICE_SANDBOX: sandbox };
  return spawn(process.execPath, ['--import', 'tsx', SELF, folder, JSON.stringify(config)], { stdio: 'ignore', env });
}

if (process.argv[1] === SELF) {
  const [folder = '', config = '{}'] = process.argv.slice(2);
  const context = await makeTestContext({ folder });
  const resolved = await context.config(JSON.parse(config) as JsonObject);
  await context.connectors.check(context.program(HOSTILE), resolved, context.control());
}
