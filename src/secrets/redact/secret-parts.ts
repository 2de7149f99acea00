/** The parts of a secret value that are secrets by themselves. */
import { isObject, type JsonValue } from '../../protocol/index.ts';
import { hasSensitiveWord } from '../vault/sensitive.ts';
import { passwordsIn } from './passwords.ts';

const MIN_LINE = 16;
const MIN_DIGITS = 8;
const MAX_DEPTH = 6;
const PEM_BODY = /-----BEGIN [^-]+-----([\s\S]*?)-----END [^-]+-----/g;
const PEM_EDGE = /^-----(BEGIN|END) [^-]*-----$|^Proc-Type:/;
/** Fields of every Google key file: public, and frequent in ordinary messages. */
const PUBLIC_LEAVES = new Set([
  'service_account',
  'authorized_user',
  'googleapis.com',
  'https://accounts.google.com/o/oauth2/auth',
  'https://oauth2.googleapis.com/token',
  'https://www.googleapis.com/oauth2/v1/certs',
]);

/**
 * The value itself and its parts: lines, the body of a PEM block, leaves of JSON, passwords in a URL.
 * Includes short parts if their key marks them as secret.
 */
export function partsOf(value: string): Set<string> {
  const parts = new Set<string>();
  collect(value, parts, 0);
  return parts;
}

function collect(value: string, parts: Set<string>, depth: number): void {
  const trimmed = value.trim();
  if (trimmed === '') return;
  parts.add(trimmed);
  if (depth > MAX_DEPTH) return;
  collectLines(trimmed, parts);
  const scheme = /^(?:Bearer|Basic|Token)\s+(\S{8,})$/i.exec(trimmed)?.[1];
  if (scheme) parts.add(scheme);
  for (const password of passwordsIn(trimmed)) parts.add(password);
  const json = parseJson(trimmed);
  if (json !== undefined) collectLeaves(json, '', parts, depth + 1);
}

function collectLines(value: string, parts: Set<string>): void {
  // Some files hold a key in one line with escaped \n, which connectors turn into real line breaks.
  const text = value.replace(/\\r|\\n/g, '\n');
  if (!text.includes('\n')) return;
  parts.add(text.trim());
  for (const [, body = ''] of text.matchAll(PEM_BODY)) if (body.trim().length >= MIN_LINE) parts.add(body.trim());
  for (const line of text.split(/[\r\n]+/).map((part) => part.trim())) {
    if (line.length >= MIN_LINE && !PEM_EDGE.test(line)) parts.add(line);
  }
}

function parseJson(text: string): JsonValue | undefined {
  if (!/^[{["]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function collectLeaves(value: JsonValue, key: string, parts: Set<string>, depth: number): void {
  if (Array.isArray(value)) {
    for (const item of value) collectLeaves(item, key, parts, depth);
  } else if (isObject(value)) {
    for (const [inner, item] of Object.entries(value)) collectLeaves(item, inner, parts, depth);
  } else if (typeof value === 'number') {
    if (String(value).replace(/\D/g, '').length >= MIN_DIGITS) parts.add(String(value));
  } else if (typeof value === 'string' && !PUBLIC_LEAVES.has(value)) {
    if (value.trim().length >= MIN_DIGITS || hasSensitiveWord(key)) collect(value, parts, depth);
  }
}
