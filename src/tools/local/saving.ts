/** Saves a source or a destination: validates it, then stores it under a name. */
import * as z from 'zod';
import { ConnectorError, InputError, SluiceError } from '../../errors.ts';
import { checkDestinationName, checkSourceName } from '../../protocol/index.ts';
import type { LedgerEntry } from '../../safety/index.ts';
import { idOf, type Kind, type SavedConnector, type Sources, type Validation } from '../../sources/index.ts';
import { beginSync } from '../begin-sync.ts';
import { noteInstalled } from '../note-installed.ts';
import type { Services } from '../services.ts';
import { tablesOfSource } from '../sync-targets.ts';
import { type Call, defineTool, type Plan, type PlanContext } from '../tool.ts';
import { type ConnectorArguments, connectorFields, toConnectorConfig } from './connector-arguments.ts';
import { syncData, syncOutput, syncText } from './sync-answer.ts';
import { checkNext, validationText } from './validate-config.ts';

/** Leaves enough time for installing, checking and discovering before the wait. */
const CALL_MS = 38_000;
const SYNC_WAIT_MS = 20_000;

const name = z.string().describe('a-z, 0-9, _ and -');
const output = z.object({
  saved: z.literal(true),
  name: z.string(),
  replaced: z.boolean(),
  connector: z.string(),
  version: z.string(),
  runtime: z.string(),
  runtime_reason: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  sync: syncOutput.optional(),
  sync_problem: z.string().optional(),
  next: z.string(),
});

export const saveSource = defineTool({
  name: 'save_source',
  title: 'Save a source',
  description:
    'Validate a configuration like validate_config and save it under a name if it is valid. Replaces an existing source of that name; its history keeps the old version.',
  input: z.strictObject({ name, ...connectorFields, sync: z.boolean().optional().describe('then start_sync') }),
  output,
  realm: 'local',
  ...savingOver('source'),
  async run(input, call) {
    checkSourceName(input.name);
    const startedAt = Date.now();
    const saved = await save('source', input, call, `list_streams or start_sync with source "${input.name}".`);
    return input.sync ? withSync(saved, startedAt, call) : saved;
  },
});

const { manifest_path: _, ...destinationFields } = connectorFields;

export const saveDestination = defineTool({
  name: 'save_destination',
  title: 'Save a destination',
  description: 'Like save_source, for a destination connector: start_sync with destination then writes to it.',
  input: z.strictObject({ name, ...destinationFields }),
  output,
  realm: 'local',
  ...savingOver('destination'),
  async run(input, call) {
    checkDestinationName(input.name);
    const next = `smoke_test_destination with destination "${input.name}", or start_sync with a source and this destination.`;
    return save('destination', input, call, next);
  },
});

/** What a save changes: the saved connector of that name, and for a source the tables that its next syncs write. */
function savingOver(kind: Kind) {
  return {
    effect: { shown: 'change', possible: ['create', 'change'] },
    async plan({ name }: { name: string }, { services, signal }: PlanContext): Promise<Plan> {
      const store = saved(kind, services);
      if (!(await store.has(name))) return { effect: 'create', targets: [] };
      const present = await store.get(name).catch(() => undefined);
      if (!present) return { effect: 'change', targets: [inLedger(kind, { name })] };
      const tables = kind === 'source' ? await tablesOfSource(services, present, signal) : [];
      return { effect: 'change', targets: [inLedger(kind, present), ...tables] };
    },
    byHand: ({ name }: { name: string }) =>
      `Or save it under another name; a person removes the one that is there with "sluice-mcp remove ${kind} ${name}".`,
  } as const;
}

function inLedger(kind: Kind, present: Pick<SavedConnector, 'id' | 'name'>): LedgerEntry {
  return { realm: 'local', kind, id: idOf(present), name: present.name };
}

function saved(kind: Kind, { sources, destinations }: Services): Sources {
  return kind === 'source' ? sources : destinations;
}

/** Starts a sync of the source just saved. If it cannot start, the source remains saved and the answer has the reason. */
async function withSync({ data }: Awaited<ReturnType<typeof save>>, startedAt: number, call: Call) {
  const { services, signal, progress, authorize } = call;
  const saved = `Saved "${data.name}": ${data.connector} ${data.version} (${data.runtime}).`;
  try {
    const { syncId } = await beginSync(services, { source: data.name }, { signal, progress }, authorize);
    const left = Math.min(SYNC_WAIT_MS, CALL_MS - (Date.now() - startedAt));
    const sync = syncData(await services.syncs.wait(syncId, Math.max(0, left), signal, progress));
    return { text: `${saved}\n${syncText(sync, services.cache.kind)}`, data: { ...data, sync, next: sync.next } };
  } catch (error) {
    if (!(error instanceof SluiceError) || signal.aborted) throw error;
    const problem = `${error.message} ${error.next}`;
    return {
      text: `${saved} It was not synced: ${problem}`,
      data: { ...data, sync_problem: problem, next: error.next },
    };
  }
}

async function save(
  kind: Kind,
  input: ConnectorArguments & { name: string },
  { services, signal, progress, authorize }: Call,
  next: string,
) {
  const configInput = toConnectorConfig(input);
  const store = saved(kind, services);
  const validation = await store.validateOwn(configInput, { signal, progress });
  await noteInstalled(services, validation.installed);
  if (!validation.valid) throw notSaved(input.name, validation, input.config);
  const { connector, version, runtime, runtimeReason } = validation;
  const { config, configFile, configSecret, manifestPath } = configInput;
  const savedAt = new Date().toISOString();
  const named = { name: input.name, connector, version, runtime, runtimeReason, manifestPath };
  const { id, replaced } = await store.save(
    { ...named, config, configFile, configSecret, savedAt },
    (present) => {
      authorize('change', [inLedger(kind, present)]);
      return services.ledger.holds(inLedger(kind, present));
    },
    validation.checked,
  );
  if (!replaced) services.ledger.enter({ realm: 'local', kind, id, name: input.name });
  const data = {
    saved: true as const,
    name: input.name,
    replaced,
    connector,
    version,
    runtime,
    runtime_reason: runtimeReason,
    warnings: validation.warnings.length > 0 ? [...validation.warnings] : undefined,
    next,
  };
  const why = runtimeReason ? ` Runtime: ${runtimeReason}.` : '';
  // States belong to the name; Sluice cannot tell a corrected configuration from another account.
  const states =
    kind === 'source' ? ' Syncs continue from its states: for another account, use start_sync with restart.' : '';
  const previous = replaced
    ? ` The previous ${kind} is in its history (sluice-mcp ${kind}s history ${input.name}).${states}`
    : '';
  const head = `Saved "${input.name}": ${connector} ${version} (${runtime}).${why}${previous} Next: ${next}`;
  return { text: [head, ...validation.warnings.map((warning) => `Warning: ${warning}`)].join('\n'), data };
}

function notSaved(name: string, validation: Validation, written: object | undefined): Error {
  const { problems, checkMessage } = validation;
  if (problems.length > 0) {
    return new InputError(
      'invalid_config',
      `"${name}" was not saved: its configuration has ${problems.length} problem(s).`,
      'Correct what is listed and call again.',
      { problems },
    );
  }
  return new ConnectorError(
    'check_failed',
    `"${name}" was not saved: the connector's check failed.`,
    checkNext(written, checkMessage),
    {
      details: {
        check_message: checkMessage ?? '',
        validation: validationText({ ...validation, checkMessage: undefined }),
      },
    },
  );
}
