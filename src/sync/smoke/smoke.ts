/** Tests a destination: writes the records of scenarios, and reads them back where possible. */
import { randomBytes } from 'node:crypto';
import type { ReadBack } from '../../cache/index.ts';
import type { Connectors, RunControl } from '../../connectors/index.ts';
import { count } from '../../count.ts';
import { abortError, InputError, messageOf } from '../../errors.ts';
import { type ConfiguredStream, DESTINATION_MODES, nearest, type SyncMode } from '../../protocol/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import type { SyncLog } from '../sync-log.ts';
import { beginRecord, type SyncRecord } from '../sync-record.ts';
import type { DeliveryTarget } from '../types.ts';
import { differences } from './same-records.ts';
import { SCENARIOS, type Scenario, type SmokeStream } from './scenarios.ts';
import { writeSmoke } from './smoke-sync.ts';

export interface ScenarioReport {
  readonly scenario: string;
  readonly about: string;
  /** Absent if the destination has no mode for it. */
  readonly passed?: boolean;
  readonly skipped?: string;
  readonly written: number;
  readonly states: { readonly sent: number; readonly returned: number };
  /** Whether the result was compared and over how many records, or why not. */
  readonly read_back: { readonly compared: boolean; readonly records?: number; readonly why?: string };
  /** What went wrong, redacted. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

export interface SmokeReport {
  readonly passed: boolean;
  /** What all streams of this run begin with. */
  readonly prefix: string;
  readonly scenarios: readonly ScenarioReport[];
}

export interface SmokeOptions {
  readonly connectors: Connectors;
  readonly redactor: Redactor;
  readonly target: DeliveryTarget;
  /** Called after the first sync, because there is nothing to read before. */
  readBack(): Promise<ReadBack | { readonly why: string }>;
  /** Names of scenarios; all by default. */
  readonly scenarios?: readonly string[] | undefined;
  readonly silenceMs?: number | undefined;
}

export const SCENARIO_NAMES: readonly string[] = SCENARIOS.map(({ name }) => name);

/** A warehouse may take minutes for a few records. */
const SILENCE_MS = 10 * 60_000;
const MAX_PROBLEM_LENGTH = 500;

/** @throws InputError `unknown_scenario` */
export async function smokeTest(options: SmokeOptions, control: RunControl): Promise<SmokeReport> {
  const chosen = choose(options.scenarios);
  const prefix = `sluice_smoke_${randomBytes(3).toString('hex')}_`;
  const scenarios: ScenarioReport[] = [];
  for (const [at, scenario] of chosen.entries()) {
    control.progress(`scenario ${at + 1} of ${chosen.length}: ${scenario.name}`, at, chosen.length);
    scenarios.push(await runScenario(scenario, prefix, options, control));
  }
  return { passed: scenarios.every(({ passed }) => passed !== false), prefix, scenarios };
}

function choose(names: readonly string[] = SCENARIO_NAMES): Scenario[] {
  return names.map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name);
    if (found) return found;
    throw new InputError(
      'unknown_scenario',
      `There is no scenario ${JSON.stringify(name.slice(0, 80))}.`,
      `Near names: ${nearest(name, SCENARIO_NAMES).join(', ')}. All: ${SCENARIO_NAMES.join(', ')}.`,
    );
  });
}

async function runScenario(
  scenario: Scenario,
  prefix: string,
  options: SmokeOptions,
  control: RunControl,
): Promise<ScenarioReport> {
  const { connectors, redactor, target, silenceMs = SILENCE_MS } = options;
  const startedAt = Date.now();
  const mode = scenario.modes.find((one) => target.modes?.includes(DESTINATION_MODES[one]) ?? true);
  const { name, about, streams } = scenario;
  const nothing = { written: 0, states: { sent: 0, returned: 0 }, problems: [], seconds: 0 };
  if (!mode) {
    const skipped = `the destination does not support ${scenario.modes.map((one) => DESTINATION_MODES[one]).join(' or ')}`;
    return { scenario: name, about, skipped, ...nothing, read_back: { compared: false, why: 'nothing was written' } };
  }
  const record = emptyRecord(target);
  const total = { written: 0, sent: 0, returned: 0 };
  for (const [at] of (streams[0]?.syncs ?? []).entries()) {
    if (record.errors.length > 0) break;
    const parts = { connectors, target, record, log: NO_LOG, control, silenceMs };
    const sync = {
      streams: streams.map((stream) => streamOf(stream, prefix, mode, at)),
      round: at + 1,
      batch: scenario.batch ?? 100,
    };
    const { written, statesSent, statesReturned } = await writeSmoke(sync, parts).catch((error: unknown) => {
      if (control.signal.aborted) throw abortError(control.signal);
      record.errors.push({ message: messageOf(error), failure_type: 'system_error' });
      return { written: 0, statesSent: 0, statesReturned: 0 };
    });
    total.written += written;
    total.sent += statesSent;
    total.returned += statesReturned;
  }
  const problems = [...record.errors.map(({ message }) => message), ...record.warnings];
  if (total.returned < total.sent)
    problems.push(`${total.sent - total.returned} of ${count(total.sent, 'state')} did not come back`);
  const { found, reported } =
    record.errors.length > 0 ? { found: undefined, reported: [] } : await look(scenario, prefix, options);
  problems.push(...reported);
  return {
    scenario: name,
    about,
    passed: problems.length === 0,
    written: total.written,
    states: { sent: total.sent, returned: total.returned },
    read_back: found ?? { compared: false, why: 'it was not written to its end' },
    problems: redactor.redactAll(problems, 'connector').map((text) => text.slice(0, MAX_PROBLEM_LENGTH)),
    seconds: Math.round((Date.now() - startedAt) / 100) / 10,
  };
}

async function look(scenario: Scenario, prefix: string, { readBack, redactor }: SmokeOptions) {
  const reported: string[] = [];
  try {
    const reader = await readBack();
    if ('why' in reader) return { found: { compared: false, why: reader.why }, reported };
    let records = 0;
    for (const { name, expected } of scenario.streams) {
      const rows = await reader.rows({ name: `${prefix}${name}` });
      records += rows?.length ?? 0;
      // Some destinations create nothing for a stream without records.
      if (!rows && expected.length > 0) reported.push(`nothing of the stream "${name}" was found (${reader.from})`);
      const problems = rows ? differences(expected, rows) : [];
      reported.push(...problems.map((problem) => (scenario.streams.length > 1 ? `${name}: ${problem}` : problem)));
    }
    return { found: { compared: true, records }, reported };
  } catch (error) {
    // A failed read-back does not mean that the write failed.
    return { found: { compared: false, why: redactor.redact(messageOf(error), 'connector') }, reported: [] };
  }
}

function streamOf({ name, primaryKey = [], cursor, syncs }: SmokeStream, prefix: string, mode: SyncMode, at: number) {
  const { schema = {}, records = [] } = syncs[at] ?? {};
  const incremental = mode.startsWith('incremental');
  const cursorField = cursor === undefined || !incremental ? [] : [cursor];
  const keys = primaryKey.map((field) => [field]);
  const configured: ConfiguredStream = {
    stream: {
      name: `${prefix}${name}`,
      jsonSchema: schema,
      incremental,
      sourceDefinedCursor: incremental,
      defaultCursorField: cursorField,
      primaryKey: keys,
    },
    mode,
    cursorField,
    primaryKey: keys,
  };
  return { configured, records };
}

const NO_LOG: SyncLog = { write: () => undefined, note: () => undefined, flush: async () => {}, close: async () => {} };

/** Collects the messages of the destination. */
function emptyRecord({ name }: DeliveryTarget): SyncRecord {
  return beginRecord({
    syncId: '',
    source: '',
    destination: name,
    dataset: '',
    labels: [],
    configured: [],
    options: [],
    silenceMs: 0,
    suspicions: [],
  });
}
