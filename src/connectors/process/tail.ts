/** The end of a long text in bounded memory, and how much of it can be shown. */
import type { Redactor } from '../../secrets/index.ts';

export interface Tail {
  push(text: string): void;
  /** What is kept, in the pieces in which it came. */
  pieces(): readonly string[];
  /** Whether something before it was dropped. */
  readonly cut: boolean;
}

/** Characters that are kept raw, well beyond what is shown: a secret that the cut goes through lies outside the shown part. */
const KEPT = 64 * 1024;

/** Characters of a connector's or an installer's output that an answer shows. */
export const SHOWN = 2000;

export function createTail(limit = KEPT): Tail {
  const kept: string[] = [];
  let length = 0;
  let cut = false;
  return {
    push(text) {
      if (text === '') return;
      cut ||= text.length > limit;
      const piece = text.length > limit ? text.slice(-limit) : text;
      kept.push(piece);
      length += piece.length;
      while (length > limit && kept.length > 1) {
        length -= kept.shift()?.length ?? 0;
        cut = true;
      }
    },
    pieces: () => kept,
    get cut() {
      return cut;
    },
  };
}

/** The shown end of a text of which only pieces came: one continuous text. */
export function sealedText(tail: Tail, redactor: Redactor, shown = SHOWN): string {
  return shownEnd(redactor.seal(tail.pieces().join(''), 'connector'), tail.cut, shown);
}

/** The shown end of separate messages, one to a line. A secret that two of them share is sealed too. */
export function sealedLines(tail: Tail, redactor: Redactor, shown = SHOWN): string {
  return shownEnd(redactor.sealAll(tail.pieces(), 'connector').join('\n'), tail.cut, shown);
}

/** Seals first and cuts then, so that a cut never leaves a half secret that nobody knows. */
export function sealedStart(text: string, redactor: Redactor, shown = SHOWN): string {
  const sealed = redactor.seal(text.slice(0, KEPT), 'connector').trim();
  const safe = text.length > KEPT ? sealed.slice(0, Math.floor((sealed.length * 3) / 4)) : sealed;
  return safe.length > shown || text.length > KEPT ? `${safe.slice(0, shown)}…` : safe;
}

function shownEnd(sealed: string, cut: boolean, shown: number): string {
  // What stood at the cut may be the rest of a secret: the first quarter is not shown.
  const safe = (cut ? sealed.slice(Math.ceil(sealed.length / 4)) : sealed).trim();
  return safe.length > shown || cut ? `…${safe.slice(-shown)}` : safe;
}
