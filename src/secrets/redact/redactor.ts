/** The redactor: replaces every known secret value with its name, in every printed form. */

import type { RedactionLevel, Redactor } from '../types.ts';
import { createKnownSecrets, type KnownSecrets } from './known-secrets.ts';
import { MIN_NEEDLE } from './needle-search.ts';
import { createRedactionStream } from './redaction-stream.ts';
import { type Hit, replaceHits, scan } from './scan.ts';

/** A redactor to which values can be added, never removed. */
export interface GrowingRedactor extends Redactor {
  /** From now on `value` is redacted as `[secret:NAME]`; characters that a mark cannot hold become `_` in the name. */
  add(name: string, value: string, options: { readonly sensitive: boolean }): void;
}

const MAX_DEPTH = 400;

export function createRedactor(): GrowingRedactor {
  const known = createKnownSecrets();
  const redact = (text: string, level: RedactionLevel): string => {
    // Only connector text is searched for shorter values.
    if (text.length < MIN_NEEDLE && (level !== 'connector' || text === '')) return text;
    return replaceHits(text, scan(text, level, known).hits);
  };
  return {
    redact,
    redactAll: (texts, level) => redactNeighbours(texts, level, known),
    count: (text, level) => scan(text, level, known).secrets,
    redactBeginningOf(text, level) {
      const found = scan(text, level, known);
      const end = found.settledTo();
      return replaceHits(
        text.slice(0, end),
        found.hits.filter((hit) => hit.end <= end),
      );
    },
    stream: (level) => createRedactionStream(known, level),
    redactValue: (value, level, isOwnKey = () => false) =>
      redactLeaves(value, (text) => redact(text, level), isOwnKey, 0),
    add(name, value, { sensitive }) {
      known.add(name.replace(/[^\w.-]/g, '_').slice(0, 80) || 'unnamed', value, sensitive);
    },
  };
}

/** Joined by line breaks, which the search ignores; a hit over several texts is marked in each of them. */
function redactNeighbours(texts: readonly string[], level: RedactionLevel, known: KnownSecrets): string[] {
  const { hits } = scan(texts.join('\n'), level, known);
  let offset = 0;
  let first = 0;
  return texts.map((text) => {
    const end = offset + text.length;
    while (first < hits.length && (hits[first]?.end ?? 0) <= offset) first += 1;
    const inside: Hit[] = [];
    for (let index = first; index < hits.length; index += 1) {
      const hit = hits[index];
      if (!hit || hit.start >= end) break;
      inside.push({ ...hit, start: Math.max(hit.start, offset) - offset, end: Math.min(hit.end, end) - offset });
    }
    offset = end + 1;
    return replaceHits(text, inside);
  });
}

function redactLeaves(
  value: unknown,
  redact: (text: string) => string,
  isOwnKey: (key: string) => boolean,
  depth: number,
): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const text = String(value);
    const redacted = redact(text);
    return redacted === text ? value : redacted;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactLeaves(item, redact, isOwnKey, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return redactLeaves(value.toJSON(), redact, isOwnKey, depth + 1);
  }
  const entries: [string, unknown][] = [];
  const used = new Set<string>();
  for (const [key, inner] of Object.entries(value)) {
    const shown = unused(isOwnKey(key) ? key : redact(key), used);
    entries.push([shown, redactLeaves(inner, redact, isOwnKey, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

/** Retain both keys if they become the same mark. */
function unused(key: string, used: Set<string>): string {
  let name = key;
  for (let count = 2; used.has(name); count += 1) name = `${key} (${count})`;
  used.add(name);
  return name;
}
