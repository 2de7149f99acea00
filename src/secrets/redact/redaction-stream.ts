/** Redacts a text that arrives in pieces: holds back as much of the end as the longest form of a secret. */

import type { RedactionLevel, RedactionStream } from '../types.ts';
import { type KnownSecrets, MAX_FORM_UNITS } from './known-secrets.ts';
import { type Hit, replaceHits, scan } from './scan.ts';

/** Maximum to hold back: more than this is mostly whitespace and escapes, and is dropped. */
const MAX_HELD = 256 * 1024;
/** Search the held-back end again only after this much input, so that small writes do not cost a search each. */
const SEARCH_STEP = 4 * MAX_FORM_UNITS;

export function createRedactionStream(known: KnownSecrets, level: RedactionLevel): RedactionStream {
  let pending = '';
  let searched = 0;
  let before = '';
  const take = (hits: readonly Hit[], count: number): string[] => {
    const text = replaceHits(
      pending.slice(0, count),
      hits.filter((hit) => hit.end <= count),
    );
    before = (before + pending.slice(0, count)).slice(-2);
    pending = pending.slice(count);
    searched = pending.length;
    return text === '' ? [] : [text];
  };
  return {
    push(text) {
      pending += text;
      if (pending.length - searched < SEARCH_STEP) return [];
      const found = scan(pending, level, known, before);
      return [...take(found.hits, found.settledTo()), ...overflow()];
    },
    flushLines() {
      const { hits } = scan(pending, level, known, before);
      const end = pending.lastIndexOf('\n') + 1;
      // Do not split a multi-line secret whose last line is incomplete.
      const crossing = hits.find((hit) => hit.start < end && hit.end > end);
      return take(hits, crossing?.start ?? end);
    },
    end() {
      const rest = take(scan(pending, level, known, before).hits, pending.length);
      before = '';
      return rest;
    },
  };

  function overflow(): string[] {
    if (pending.length <= MAX_HELD) return [];
    before = pending.slice(-2);
    pending = '';
    searched = 0;
    return ['[redacted]'];
  }
}
