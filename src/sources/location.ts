/** Identifies where a destination's data are, regardless of how a configuration spells it. */
import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { resolveLinks } from '../connectors/index.ts';
import {
  dottedPath,
  type FieldPath,
  fieldsAt,
  isObject,
  type JsonObject,
  type JsonValue,
  type Location,
} from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import { addressIn } from './config-fingerprint.ts';

/** Names of fields that are part of the location. */
const WHERE =
  /path|host|url|uri|endpoint|server|address|port|database|^db|_db|schema|catalog|bucket|container|account|project|dataset|warehouse|workspace|folder|directory|prefix|namespace|index|cluster|file|table|topic|queue|tenant|keyspace|collection|instance/i;
const HOW = /params|pattern|format|tunnel|type|mode|size|method/i;

/** Ignores fields that the spec does not have, and secrets except for the address in a URL. */
export async function locationOf(
  connector: string,
  config: ResolvedConfig,
  { spec, secretKeys }: { readonly spec: JsonObject; readonly secretKeys: ReadonlySet<string> },
): Promise<Location> {
  const found = config.use((plain) =>
    leavesOf(plain, []).flatMap(([path, value]) => {
      const key = String(path.at(-1));
      const facts = fieldsAt(spec, path, plain);
      if (!facts.known || !WHERE.test(key) || HOW.test(key)) return [];
      const open = facts.secret || secretKeys.has(key) ? addressIn(value) : value;
      return open === null ? [] : [[dottedPath(path), String(open)] as const];
    }),
  );
  const fields = await Promise.all(found.map(async ([path, text]) => [path, hash(await normalized(text))] as const));
  return { connector, fields: Object.fromEntries(fields) };
}

function leavesOf(value: JsonValue, path: FieldPath): (readonly [FieldPath, JsonValue])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]));
  if (isObject(value)) return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]));
  return value === null || typeof value === 'boolean' ? [] : [[path, value]];
}

/** Normalizes a path by resolving links; normalizes anything else regardless of case, blanks and trailing slashes. */
async function normalized(text: string): Promise<string> {
  const trimmed = text.trim().replace(/^file:\/\/(?=\/)/, '');
  if (isAbsolute(trimmed)) return resolveLinks(trimmed);
  return trimmed
    .toLowerCase()
    .replace(/^\.\/+/, '')
    .replace(/\/+$/, '');
}

function hash(text: string): string {
  return createHash('sha256').update(`sluice location\n${text}`).digest('hex').slice(0, 32);
}
