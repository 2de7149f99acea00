/** The verbs of a connector: spec, check, discover, and read of a source or write of a destination. */
import { configuredCatalogJson, type JsonObject, type JsonValue, parseCatalog } from '../../protocol/index.ts';
import type { Redactor, ResolvedConfig } from '../../secrets/index.ts';
import { redactedStart } from '../process/tail.ts';
import type { Runner, Task, WithText } from '../runner.ts';
import type { Sandbox } from '../sandbox/index.ts';
import type {
  CheckResult,
  ConnectorRun,
  Connectors,
  DestinationRun,
  Discovered,
  Installed,
  ReadInputs,
  RunControl,
  WriteInputs,
} from '../types.ts';
import type { AnswerCache } from './answer-cache.ts';
import { ask } from './ask.ts';
import { redactCatalog } from './redact-catalog.ts';

export interface VerbDeps {
  readonly runner: Runner;
  readonly redactor: Redactor;
  readonly cache: AnswerCache;
  readonly sandbox: Pick<Sandbox, 'admit' | 'status'>;
}

const SPEC_MS = 60_000;
const CHECK_MS = 300_000;
const DISCOVER_MS = 600_000;
const MAX_CHECK_MESSAGE_LENGTH = 2000;
const MAX_MISFITS = 1_000;

export function createVerbs(
  deps: VerbDeps,
): Pick<Connectors, 'spec' | 'check' | 'discover' | 'noteMisfits' | 'read' | 'write'> {
  return {
    spec: (installed, control) => spec(deps, installed, control),
    check: (installed, config, control) => check(deps, installed, config, control),
    discover: (installed, config, control, maxAgeMs) => discover(deps, installed, config, control, maxAgeMs),
    noteMisfits: (installed, config, misfits) => noteMisfits(deps, installed, config, misfits),
    read: (installed, inputs, control, body) => read(deps, installed, inputs, control, body),
    write: (installed, inputs, control, body) => write(deps, installed, inputs, control, body),
  };
}

async function spec(deps: VerbDeps, installed: Installed, control: RunControl): Promise<JsonObject> {
  if (installed.spec) return installed.spec;
  const { runner, redactor, cache } = deps;
  const key = keyOf(installed);
  const cached = await cache.get('spec', key);
  if (cached) return cached.value;
  await admit(deps, installed);
  control.progress(`asking ${installed.connector} ${installed.version} for its specification`);
  const question = { answer: 'SPEC', limitMs: SPEC_MS } as const;
  const answer = await ask(runner, redactor, taskOf(installed, 'spec', control), question);
  await cache.put('spec', key, answer.spec);
  return answer.spec;
}

async function check(
  deps: VerbDeps,
  installed: Installed,
  config: ResolvedConfig,
  control: RunControl,
): Promise<CheckResult> {
  const { runner, redactor } = deps;
  await admit(deps, installed, config);
  control.progress(`checking the connection with ${installed.connector} ${installed.version}`);
  const question = { answer: 'CONNECTION_STATUS', limitMs: CHECK_MS, onControl: config.keepUpdate } as const;
  const task = taskOf(installed, 'check', control, { config: withConfigText(config) });
  const { succeeded, message } = await ask(runner, redactor, task, question);
  return { succeeded, message: redactedStart(message, redactor, MAX_CHECK_MESSAGE_LENGTH) };
}

async function discover(
  deps: VerbDeps,
  installed: Installed,
  config: ResolvedConfig,
  control: RunControl,
  maxAgeMs = Number.POSITIVE_INFINITY,
): Promise<Discovered> {
  const { runner, redactor, cache } = deps;
  await admit(deps, installed, config);
  const key = catalogKey(installed, config);
  const cached = await cache.get('catalog', key);
  if (cached && Date.now() - cached.keptAt < maxAgeMs) return { ...parseCatalog(cached.value), asked: false };
  control.progress(`asking ${installed.connector} ${installed.version} for its streams`);
  const question = { answer: 'CATALOG', limitMs: DISCOVER_MS, onControl: config.keepUpdate } as const;
  const task = taskOf(installed, 'discover', control, { config: withConfigText(config) });
  const answer = await ask(runner, redactor, task, question);
  // Use what is cached, redacted, so that the first sync and the second agree.
  const catalog = redactCatalog(answer.catalog, redactor);
  await cache.put('catalog', key, catalog, cached?.misfits);
  return { ...parseCatalog(catalog), asked: true };
}

async function noteMisfits(
  { redactor, cache }: VerbDeps,
  installed: Installed,
  config: ResolvedConfig,
  misfits: readonly string[],
): Promise<void> {
  const key = catalogKey(installed, config);
  const cached = await cache.get('catalog', key);
  const redacted = misfits.map((misfit) => redactor.redact(misfit, 'data'));
  const fresh = redacted.filter((misfit) => !cached?.misfits.includes(misfit));
  if (!cached || fresh.length === 0) return;
  // Older than any age: the next sync queries the connector.
  const all = [...cached.misfits, ...fresh].slice(-MAX_MISFITS);
  await cache.put('catalog', key, cached.value, all, new Date(0));
}

async function read<T>(
  deps: VerbDeps,
  installed: Installed,
  { config, streams, stateText }: ReadInputs,
  control: RunControl,
  body: (run: ConnectorRun) => Promise<T>,
): Promise<T> {
  await admit(deps, installed, config);
  control.progress(await startMessage(deps, installed));
  const task = taskOf(installed, 'read', control, {
    config: withConfigText(config),
    catalog: withJsonText(configuredCatalogJson(streams)),
    ...(stateText === undefined ? {} : { state: withText(stateText) }),
  });
  return deps.runner.run(task, body);
}

async function write<T>(
  deps: VerbDeps,
  installed: Installed,
  { config, catalog }: WriteInputs,
  control: RunControl,
  body: (run: DestinationRun) => Promise<T>,
): Promise<T> {
  await admit(deps, installed, config, true);
  control.progress(await startMessage(deps, installed));
  const task = taskOf(installed, 'write', control, { config: withConfigText(config), catalog: withJsonText(catalog) });
  return deps.runner.run({ ...task, writes: true }, (running) => {
    const { stdin } = running;
    if (!stdin) throw new TypeError('a task that writes has its stdin');
    return body({ ...running, stdin });
  });
}

function admit(
  { sandbox }: VerbDeps,
  { runtime }: Installed,
  config?: ResolvedConfig,
  isDestination = false,
): Promise<unknown> {
  return sandbox.admit({ runtime, literals: config?.literals, isDestination });
}

async function startMessage({ sandbox }: VerbDeps, { connector, version, runtime }: Installed): Promise<string> {
  const confinement = runtime === 'docker' ? '' : `; ${(await sandbox.status()).text}`;
  return `starting ${connector} ${version}${confinement}`;
}

function taskOf(installed: Installed, verb: Task['verb'], { signal }: RunControl, files: Task['files'] = {}): Task {
  return { installed, verb, files, signal };
}

function catalogKey(installed: Installed, { fingerprint }: ResolvedConfig): JsonObject {
  return { ...keyOf(installed), fingerprint };
}

function keyOf({ connector, version, runtime, stamp }: Installed): JsonObject {
  return { connector, version, runtime, stamp };
}

function withConfigText(config: ResolvedConfig): WithText {
  return (use) => config.use((plain) => use(JSON.stringify(plain)));
}

function withJsonText(value: JsonValue): WithText {
  return withText(JSON.stringify(value));
}

function withText(text: string): WithText {
  return (use) => use(text);
}
