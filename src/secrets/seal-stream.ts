/** Seals a text that comes in pieces: what could be the beginning of a secret waits for the next piece. */
import type { KnownSecrets } from './known-secrets.ts';
import { type Hit, replaceHits, scan } from './scan.ts';
import type { SealLevel, SealStream } from './types.ts';

/** More than this is never held back: what looks like the beginning of a secret is sealed then, whatever follows. */
const MAX_HELD = 256 * 1024;

export function createSealStream(known: KnownSecrets, level: SealLevel): SealStream {
  let pending = '';
  let before = '';
  const take = (hits: readonly Hit[], count: number): string[] => {
    const text = replaceHits(
      pending.slice(0, count),
      hits.filter((hit) => hit.end <= count),
    );
    before = (before + pending.slice(0, count)).slice(-2);
    pending = pending.slice(count);
    return text === '' ? [] : [text];
  };
  return {
    push(text) {
      if (text === '') return [];
      pending += text;
      const found = scan(pending, level, known, before);
      return [...take(found.hits, found.settledTo()), ...overflow()];
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
    return ['[sealed]'];
  }
}
