/** The steps of the demo, each shown as a person would like to see it. */
import { join } from 'node:path';
import type { Screen } from '../screen.ts';
import type { Answer, Assistant } from './client.ts';
import type { DemoSource } from './plans.ts';

interface SyncData {
  readonly sync_id: string;
  readonly state: string;
  readonly streams: { stream: string; state: string; records: number; rows: number }[];
}

class StepFailed extends Error {}

/** @returns whether every step succeeded */
export async function walk(
  assistant: Assistant,
  source: DemoSource,
  screen: Screen,
  project: string,
): Promise<boolean> {
  const moving = (message: string): void => screen.moving(message);
  const ask = async <T>(tool: string, args: Record<string, unknown> = {}): Promise<T> =>
    need(await assistant.call<T>(tool, args, moving), tool);
  try {
    await choosing(ask, source, screen);
    await looking(ask, source, screen);
    await syncing(ask, source, screen);
    await asking(ask, source, screen);
    screen.heading('Where it is stored');
    screen.table(
      ['what', 'path'],
      [
        ['the data (DuckDB)', join(project, 'cache', 'cache.duckdb')],
        ['secrets', join(project, 'demo.env')],
        ['who called what', join(project, 'logs', 'audit.jsonl')],
      ],
    );
    return true;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    screen.bad(error.message);
    return false;
  }
}

type Ask = <T>(tool: string, args?: Record<string, unknown>) => Promise<T>;

async function choosing(ask: Ask, { name, search, subject }: DemoSource, screen: Screen): Promise<void> {
  screen.heading('1  Find a connector and validate a configuration');
  if (search !== undefined) {
    const { connectors } = await ask<{ connectors: { name: string; version: string; runtimes: string[] }[] }>(
      'list_connectors',
      { search },
    );
    const [first] = connectors;
    if (!first) throw new StepFailed(`list_connectors finds nothing for "${search}".`);
    screen.good(`list_connectors "${search}": ${first.name} ${first.version} (${first.runtimes.join(', ')})`);
  }
  const secrets = await ask<{ secrets: { name: string; kind: string }[] }>('list_secrets', { search: 'MEADOW' });
  screen.good(
    `list_secrets: ${secrets.secrets.map((secret) => `${secret.name} (${secret.kind})`).join(', ')}. Names only.`,
  );
  const checked = await ask<{
    valid: boolean;
    connector: string;
    version: string;
    runtime: string;
    problems: { path: string; message: string }[];
  }>('validate_config', subject);
  for (const { path, message } of checked.problems) screen.bad(`${path}: ${message}`);
  if (!checked.valid) throw new StepFailed('The configuration is not valid.');
  screen.good(`validate_config: valid, by ${checked.connector} ${checked.version} (${checked.runtime}) itself`);
  await saving(ask, { name, subject }, screen);
}

/** In safe mode a session cannot overwrite what an earlier one created, so the source of the earlier run is reused. */
async function saving(ask: Ask, { name, subject }: Pick<DemoSource, 'name' | 'subject'>, screen: Screen) {
  const { sources } = await ask<{ sources: { name: string }[] }>('list_sources');
  if (sources.some((source) => source.name === name)) {
    return screen.good(`list_sources: "${name}" is saved since an earlier run`);
  }
  await ask('save_source', { name, ...subject });
  screen.good(`save_source: saved as "${name}"`);
}

async function looking(ask: Ask, { name, preview }: DemoSource, screen: Screen): Promise<void> {
  screen.heading('2  Look at what it offers');
  const listed = await ask<{
    streams: { name: string; sync_modes: string[]; primary_key: string[]; fields: number }[];
  }>('list_streams', { source: name });
  const rows = listed.streams.map((stream) => [
    stream.name,
    stream.sync_modes.join(', '),
    stream.primary_key.join(', '),
    String(stream.fields),
  ]);
  screen.table(['stream', 'sync modes', 'primary key', 'fields'], rows);
  const previewed = await ask<{ streams: { records: Record<string, unknown>[] }[] }>('preview_stream', {
    source: name,
    streams: [preview],
    limit: 3,
  });
  const records = previewed.streams[0]?.records ?? [];
  const columns = Object.keys(records[0] ?? {}).slice(0, 6);
  screen.line(`\n  preview of ${preview}:`);
  screen.table(
    columns,
    records.map((record) => columns.map((column) => JSON.stringify(record[column] ?? null))),
  );
}

async function syncing(ask: Ask, { name, streams }: DemoSource, screen: Screen): Promise<void> {
  screen.heading('3  Sync into DuckDB');
  let sync = await ask<SyncData>('start_sync', { source: name, streams, wait_seconds: 20 });
  while (sync.state === 'running') sync = await ask<SyncData>('get_sync', { sync_id: sync.sync_id, wait_seconds: 20 });
  screen.table(
    ['stream', 'state', 'records', 'rows committed'],
    sync.streams.map(({ stream, state, records, rows }) => [stream, state, String(records), String(rows)]),
  );
  if (sync.state !== 'complete') throw new StepFailed(`The sync ended ${sync.state}.`);
  const fresh = sync.streams.some(({ records }) => records > 0);
  screen.good(
    fresh
      ? `start_sync: complete (${sync.sync_id})`
      : `start_sync: complete, nothing new since the last sync (${sync.sync_id})`,
  );
}

async function asking(ask: Ask, { name, question, sql }: DemoSource, screen: Screen): Promise<void> {
  screen.heading(`4  ${question}`);
  const described = await ask<{ datasets: { dataset: string; tables: { table: string; rows: number }[] }[] }>(
    'describe_data',
    { dataset: name },
  );
  const tables = described.datasets.flatMap(({ tables: found }) =>
    found.map(({ table, rows }) => [table, rows.toLocaleString('en-US')]),
  );
  screen.table(['table', 'rows'], tables);
  screen.dim(`\n${sql.replace(/^/gm, '  ')}\n`);
  const answer = await ask<{ rows: [string, number][] }>('query', { sql });
  screen.bars(answer.rows.map(([label, value]) => ({ label: String(label), value: Number(value) })));
}

function need<T>(answer: Answer<T>, tool: string): T {
  if (!answer.ok) throw new StepFailed(`${tool}: ${answer.text}`);
  return answer.data;
}
