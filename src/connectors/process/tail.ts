/** The end of a long text in bounded memory, and how much of it can be shown. */
import { type Redactor, redactBeginning } from '../../secrets/index.ts';

export interface Tail {
  push(text: string): void;
  /** The retained text, in the pieces in which it came. */
  pieces(): readonly string[];
  /** Whether something before it was dropped. */
  readonly cut: boolean;
}

/** Raw characters to retain, well beyond what is shown. */
const MAX_RETAINED = 64 * 1024;

/** Characters of a connector's or an installer's output that an answer shows. */
export const SHOWN = 2000;

export function createTail(limit = MAX_RETAINED): Tail {
  const retained: string[] = [];
  let length = 0;
  let cut = false;
  return {
    push(text) {
      if (text === '') return;
      cut ||= text.length > limit;
      const piece = text.length > limit ? text.slice(-limit) : text;
      retained.push(piece);
      length += piece.length;
      while (length > limit && retained.length > 1) {
        length -= retained.shift()?.length ?? 0;
        cut = true;
      }
    },
    pieces: () => retained,
    get cut() {
      return cut;
    },
  };
}

/** The shown end of a text of which only pieces came: one continuous text. */
export function redactedText(tail: Tail, redactor: Redactor, shown = SHOWN): string {
  return shownEnd(redactedPieces([tail.pieces().join('')], tail.cut, redactor).join(''), tail.cut, shown);
}

/** The shown end of separate messages, one to a line. A secret that two of them share is redacted too. */
export function redactedLines(tail: Tail, redactor: Redactor, shown = SHOWN): string {
  return shownEnd(redactedPieces(tail.pieces(), tail.cut, redactor).join('\n'), tail.cut, shown);
}

/** The shown beginning of a text. */
export function redactedStart(text: string, redactor: Redactor, shown = SHOWN): string {
  const { text: redacted, cut } = redactBeginning(text.trim(), { redactor, level: 'connector', shown });
  return cut ? `${redacted}…` : redacted;
}

/** The cut may have split a secret: the first quarter is redacted with the rest but not shown. */
function redactedPieces(pieces: readonly string[], cut: boolean, redactor: Redactor): string[] {
  if (!cut) return redactor.redactAll(pieces, 'connector');
  let left = Math.ceil(pieces.reduce((sum, piece) => sum + piece.length, 0) / 4);
  const split = pieces.map((piece) => {
    const at = Math.min(left, piece.length);
    left -= at;
    return [piece.slice(0, at), piece.slice(at)] as const;
  });
  const hidden = split.map(([before]) => before).filter((before) => before !== '');
  const rest = split.map(([, after]) => after).filter((after) => after !== '');
  return redactor.redactAll([...hidden, ...rest], 'connector').slice(hidden.length);
}

function shownEnd(redacted: string, cut: boolean, shown: number): string {
  const safe = redacted.trim();
  return safe.length > shown || cut ? `…${safe.slice(-shown)}` : safe;
}
