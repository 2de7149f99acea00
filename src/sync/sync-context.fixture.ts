/** The setup of this context's tests: a project in a temporary folder, with real connectors and a real database. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cache, type Database, duckdbCache, openDatabase } from '../cache/index.ts';
import { loadSettings, type Settings } from '../config/index.ts';
import { type Connectors, createConnectors, type Installed, type ProcessStart } from '../connectors/index.ts';
import { openProject, type Project } from '../project/index.ts';
import { type Catalog, type JsonObject, parseCatalog } from '../protocol/index.ts';
import { createVault, type ResolvedConfig, type Vault } from '../secrets/index.ts';
import type { BatchLimits } from './batch.ts';
import { configureStreams, type StreamOption } from './modes.ts';
import { createSyncs } from './syncs.ts';
import type { SyncRequest, SyncStatus, Syncs } from './types.ts';

const MEADOW = fileURLToPath(new URL('../../fixtures/connectors/source-meadow.mjs', import.meta.url));
export const SECRET = 'meadow-secret-4711-abcdef';

/** Plays back the messages in its configuration, and records the state it was given. */
const PLAYER = `
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
const [verb, ...rest] = process.argv.slice(2);
const file = (name) => rest[rest.indexOf('--' + name) + 1];
const config = JSON.parse(readFileSync(file('config'), 'utf8'));
if (rest.includes('--state')) writeFileSync(config.seen, readFileSync(file('state')));
const write = (text) => new Promise((resolve) => process.stdout.write(text, resolve));
for (const part of JSON.parse(readFileSync(config.script, 'utf8'))) {
  if (typeof part === 'string') await write(part);
  else if (part.sleep) await new Promise((resolve) => setTimeout(resolve, part.sleep));
  else if (part.stderr) process.stderr.write(part.stderr);
  else if (part.repeat) for (let i = part.from ?? 0; i < (part.from ?? 0) + part.repeat; i += 1) await write(part.line.replaceAll('$i', String(i)));
  else if ('exit' in part) process.exitCode = part.exit;
  else if (part.kill) process.kill(process.pid, part.kill);
}
`;

/** A part of a script: bytes to write, a line written `repeat` times with its number as $i, or something else to do. */
export type Part =
  | string
  | { readonly repeat: number; readonly line: string; readonly from?: number }
  | { readonly sleep: number }
  | { readonly stderr: string }
  | { readonly exit: number }
  | { readonly kill: 'SIGKILL' };

export interface TestContext {
  readonly folder: string;
  readonly project: Project;
  readonly settings: Settings;
  readonly database: Database;
  readonly cache: Cache;
  readonly connectors: Connectors;
  readonly vault: Vault;
  readonly syncs: Syncs;
  /** A request for the meadow fixture. */
  meadow(config: JsonObject, names: readonly string[], options?: readonly StreamOption[]): Promise<SyncRequest>;
  /** A request for a source that plays back a script. */
  play(
    source: string,
    catalog: Catalog,
    parts: readonly Part[],
    options?: readonly StreamOption[],
  ): Promise<SyncRequest>;
  /** The state file of the last played source, or undefined where it was given none. */
  seenState(): Promise<unknown>;
  /** The same as it was written. */
  seenText(): Promise<string | undefined>;
  /** Starts a sync and waits for its end. */
  sync(request: SyncRequest): Promise<SyncStatus>;
  rows(sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

export async function openTestContext(
  limits?: BatchLimits,
  at?: string,
  silenceMs?: number,
  destinationSilenceMs?: number,
): Promise<TestContext> {
  const folder = at ?? (await mkdtemp(join(tmpdir(), 'sluice-sync-')));
  const parts = await openParts(folder, limits, silenceMs, destinationSilenceMs);
  const { connectors, database, syncs } = parts;
  return {
    ...parts,
    ...(await createPlayer(folder, (config) => resolveConfig(parts.vault, config))),
    folder,
    async meadow(config, names, options = []) {
      const resolved = await resolveConfig(parts.vault, { api_key: 'secret_reference::MEADOW_API_KEY', ...config });
      const program = installed(MEADOW, [process.execPath, MEADOW]);
      const catalog = await connectors.discover(program, resolved, {
        signal: new AbortController().signal,
        progress: () => undefined,
      });
      const streams = configureStreams(catalog, names, options);
      return { source: 'meadow', installed: program, config: resolved, catalog, streams };
    },
    async sync(request) {
      const { syncId } = await syncs.start(request);
      return syncs.wait(syncId, 120_000, new AbortController().signal);
    },
    rows: (sql) =>
      database.use('a test', async (connection) => (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][]),
    async close() {
      await Promise.all([connectors.endAll(), syncs.endAll()]);
      await database.close();
      if (at === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The real parts of a server, as `createApp` joins them. */
async function openParts(folder: string, limits?: BatchLimits, silenceMs?: number, destinationSilenceMs?: number) {
  const envFile = join(folder, 'test.env');
  await writeFile(envFile, `MEADOW_API_KEY=${SECRET}\n`, { mode: 0o600 });
  const { settings, contents } = loadSettings(
    '0.0.0',
    { envFile, projectDirectory: join(folder, 'project') },
    // What the tests play are scripts of theirs, which no sandbox would show.
    { SLUICE_SANDBOX: 'off', SLUICE_WRITE_DIRS: folder },
  );
  const project = openProject(settings);
  const vault = createVault({ settings, ...(contents ? { contents } : {}) });
  const environment = { PATH: process.env.PATH ?? '', HOME: folder };
  const connectors = createConnectors({
    settings,
    project,
    redactor: vault.redactor,
    childEnvironment: environment,
    installerEnvironment: environment,
    dockerEnvironment: environment,
    sweep: () => syncs.sweep(),
  });
  const database = openDatabase({
    redactor: vault.redactor,
    file: async () => join(await project.folder('cache'), 'cache.duckdb'),
    stagingDirectory: () => project.folder('staging'),
  });
  const cache = duckdbCache(database);
  const syncs = createSyncs({
    project,
    cache,
    connectors,
    redactor: vault.redactor,
    ...(limits ? { limits } : {}),
    ...(silenceMs === undefined ? {} : { silenceMs }),
    ...(destinationSilenceMs === undefined ? {} : { destinationSilenceMs }),
  });
  return { project, settings, vault, connectors, database, cache, syncs };
}

async function resolveConfig(vault: Vault, config: JsonObject): Promise<ResolvedConfig> {
  const spec: JsonObject = { type: 'object', properties: { api_key: { type: 'string', airbyte_secret: true } } };
  const resolution = await vault.resolve({ config }, { spec, secretKeys: new Set(), isPublished: true });
  if (resolution.problems.length > 0) throw new Error(JSON.stringify(resolution.problems));
  return resolution.config;
}

function installed(connector: string, command: ProcessStart['command']): Installed {
  return {
    connector,
    version: 'local',
    runtime: 'executable',
    start: { kind: 'process', command },
    stamp: '',
    newlyInstalled: false,
  };
}

/** The source that plays back a script, and what it was given. */
async function createPlayer(
  folder: string,
  resolve: (config: JsonObject) => Promise<ResolvedConfig>,
): Promise<Pick<TestContext, 'play' | 'seenState' | 'seenText'>> {
  const script = join(folder, 'script.json');
  const seen = join(folder, 'seen-state.json');
  const player = join(folder, 'player.mjs');
  await writeFile(player, PLAYER);
  const seenText = () => readFile(seen, 'utf8').catch(() => undefined);
  return {
    async play(source, catalog, parts, options = []) {
      await writeFile(script, JSON.stringify(parts));
      await rm(seen, { force: true });
      const names = catalog.streams.map((stream) =>
        stream.namespace ? `${stream.namespace}.${stream.name}` : stream.name,
      );
      return {
        source,
        installed: installed(player, [process.execPath, player]),
        config: await resolve({ script, seen }),
        catalog,
        streams: configureStreams(catalog, names, options),
      };
    },
    async seenState() {
      const text = await seenText();
      return text === undefined ? undefined : JSON.parse(text);
    },
    seenText,
  };
}

/** A catalog of streams with these properties each. */
export function catalogOf(
  ...streams: {
    readonly name: string;
    readonly namespace?: string;
    readonly properties?: JsonObject;
    readonly incremental?: boolean;
    readonly resumable?: boolean;
  }[]
): Catalog {
  return parseCatalog({
    streams: streams.map(({ name, namespace, properties = {}, incremental = false, resumable }) => ({
      name,
      ...(namespace ? { namespace } : {}),
      json_schema: { type: 'object', properties },
      supported_sync_modes: incremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
      ...(resumable === undefined ? {} : { is_resumable: resumable }),
      ...(incremental ? { source_defined_cursor: true, default_cursor_field: ['id'] } : {}),
    })),
  });
}

export function recordLine(stream: string, data: unknown, namespace?: string): string {
  return `${JSON.stringify({ type: 'RECORD', record: { ...(namespace ? { namespace } : {}), stream, data, emitted_at: 1_700_000_000_000 } })}\n`;
}

export function stateLine(
  stream: string,
  state: unknown,
  { namespace, sent }: { namespace?: string; sent?: number } = {},
): string {
  const descriptor = { name: stream, ...(namespace ? { namespace } : {}) };
  const stats = sent === undefined ? {} : { sourceStats: { recordCount: sent } };
  const own = { type: 'STREAM', stream: { stream_descriptor: descriptor, stream_state: state }, ...stats };
  return `${JSON.stringify({ type: 'STATE', state: own })}\n`;
}

export function statusLine(stream: string, status: string, namespace?: string): string {
  const descriptor = { name: stream, ...(namespace ? { namespace } : {}) };
  return `${JSON.stringify({ type: 'TRACE', trace: { type: 'STREAM_STATUS', emitted_at: 1, stream_status: { stream_descriptor: descriptor, status } } })}\n`;
}

export function errorLine(message: string, stream?: string): string {
  const error = {
    message,
    failure_type: 'system_error',
    ...(stream ? { stream_descriptor: { name: stream } } : {}),
  };
  return `${JSON.stringify({ type: 'TRACE', trace: { type: 'ERROR', emitted_at: 1, error } })}\n`;
}
