/** Writes a set of data once: as a connector prints it, and bare for DuckDB alone. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectText } from './columns.ts';
import { hashedWriter, hashOf } from './hashed-file.ts';
import { type Random, seededRandom } from './random.ts';
import type { DataSet, DataStream } from './sets.ts';

/** Raise it when the data changes. */
const VERSION = 1;
const SEED = 20_261_121;
const STARTED_AT = 1_700_000_000_000;

/** The location of the files of a set. */
export interface DataFiles {
  readonly folder: string;
  /** Protocol messages. */
  readonly messages: string;
  /** The records' data only, where DuckDB alone is to read it. */
  readonly bare?: string;
}

/** Makes the data if it is missing or damaged. */
export async function dataFiles(set: DataSet, parent: string, say: (line: string) => void): Promise<DataFiles> {
  const folder = join(parent, set.name);
  const bare = set.bare ? { bare: join(folder, 'bare.jsonl') } : {};
  const files: DataFiles = { folder, messages: join(folder, 'read.jsonl'), ...bare };
  const manifest = join(folder, 'manifest.json');
  const identity = { version: VERSION, seed: SEED, records: set.records };
  if (existsSync(manifest)) {
    const { hashes, ...found } = JSON.parse(readFileSync(manifest, 'utf8')) as { hashes: string[] };
    const same = JSON.stringify(found) === JSON.stringify(identity);
    if (same && (await hashesOf(files)).join() === hashes.join()) return files;
  }
  say(`making ${set.name}: ${set.records} records`);
  mkdirSync(folder, { recursive: true });
  const hashes = write(set, files);
  // Written last: without it the data is made again.
  writeFileSync(manifest, JSON.stringify({ ...identity, hashes }));
  return files;
}

async function hashesOf({ messages, bare }: DataFiles): Promise<string[]> {
  const hashes: string[] = [];
  for (const path of bare === undefined ? [messages] : [messages, bare]) {
    hashes.push(existsSync(path) ? await hashOf(path) : 'missing');
  }
  return hashes;
}

/** Keys in the order and without spaces, as the connector kits write them. */
function write(set: DataSet, files: DataFiles): string[] {
  const messages = hashedWriter(files.messages);
  const bare = files.bare === undefined ? undefined : hashedWriter(files.bare);
  const random = seededRandom(SEED);
  const streams = set.streams.map((stream) => ({ stream, rows: 0, head: recordHead(stream) }));
  for (const { stream } of streams) messages.line(statusLine(stream, 'STARTED'));
  for (let at = 0; at < set.records; at += 1) {
    const one = streams[streams.length > 1 ? random(streams.length) : 0] as (typeof streams)[number];
    const data = objectText(one.stream.columns, random, one.rows);
    messages.line(`${one.head}${data},"emitted_at":${STARTED_AT + Math.floor(at / 100)}}}`);
    bare?.line(data);
    one.rows += 1;
    if (one.rows % set.stateEvery === 0) messages.line(stateLine(one.stream, one.rows, set.stateEvery));
    if (set.logEvery && at % set.logEvery === 0) messages.line(logLine(at, random));
  }
  for (const { stream, rows } of streams) {
    const rest = rows % set.stateEvery;
    if (rest) messages.line(stateLine(stream, rows, rest));
    messages.line(statusLine(stream, 'COMPLETE'));
  }
  return bare ? [messages.end(), bare.end()] : [messages.end()];
}

function recordHead({ name }: DataStream): string {
  return `{"type":"RECORD","record":{"stream":"${name}","data":`;
}

function stateLine({ name }: DataStream, id: number, records: number): string {
  const state = { stream_descriptor: { name }, stream_state: { id } };
  // The kits count in floats.
  return `{"type":"STATE","state":{"type":"STREAM","stream":${JSON.stringify(state)},"sourceStats":{"recordCount":${records}.0}}}`;
}

function statusLine({ name }: DataStream, status: string): string {
  const stream_status = { stream_descriptor: { name }, status };
  return JSON.stringify({ type: 'TRACE', trace: { type: 'STREAM_STATUS', emitted_at: STARTED_AT, stream_status } });
}

function logLine(at: number, random: Random): string {
  const message = `Read ${at} records, {"type":"RECORD"} next; ${random(1_000)} requests left`;
  return JSON.stringify({ type: 'LOG', log: { level: 'INFO', message } });
}
