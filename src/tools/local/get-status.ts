import * as z from 'zod';
import type { LedgerEntry } from '../../safety/index.ts';
import { redactName } from '../../secrets/index.ts';
import type { Services } from '../services.ts';
import { defineTool } from '../tool.ts';
import { collectStatus } from './collect-status.ts';
import { type Status, statusOutput } from './status-output.ts';
import { statusText } from './status-text.ts';

export const getStatus = defineTool({
  name: 'get_status',
  title: 'Status of Sluice',
  description:
    "Report modes, project directory, env file, runtimes (uv, Python, Docker), hosts, installed connectors, what this session created, and warnings with fixes. Start here if something fails. history: this session's calls, with what they created, changed and deleted.",
  input: z.strictObject({ include: z.array(z.enum(['history'])).optional() }),
  output: statusOutput,
  realm: 'local',
  effect: 'read',
  async run({ include = [] }, call) {
    const status = await collectStatus(call);
    const data = include.includes('history') ? { ...status, history: historyOf(call.services) } : status;
    return { text: statusText(data), data };
  },
});

/** Other people choose the names in Airbyte: what looks like a secret in them is redacted. */
function historyOf({ history, vault }: Services): Status['history'] {
  const shown = (entry: LedgerEntry): LedgerEntry =>
    entry.realm === 'cloud' && entry.name !== undefined
      ? { ...entry, name: redactName(entry.name, vault.redactor) }
      : entry;
  return history.list().map((call) => ({
    ...call,
    made: call.made.map(shown),
    changed: call.changed.map(shown),
    deleted: call.deleted.map(shown),
  }));
}
