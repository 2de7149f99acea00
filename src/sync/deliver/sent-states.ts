/** The states sent to a destination that it has not returned yet. Returned states are matched against them. */
import type { StateText } from '../../cache/index.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { topLevelText } from '../router/index.ts';
import { readState } from '../state-file.ts';
import type { StreamIndex } from '../stream-keys.ts';
import { type Exactness, spelling } from './same-state.ts';

export interface SentState {
  /** As the source wrote it. This text is stored, because a destination may change numbers when it reprints them. */
  readonly state: StateText;
  /** Indexes of the streams that it covers. */
  readonly streams: readonly number[];
  /** How many records of each of them were sent before it. */
  readonly records: readonly number[];
  /** How many records the source reports for the time since the previous state. */
  readonly sourceCount: number | undefined;
}

export interface SentStates {
  sent(state: SentState): void;
  /**
   * Finds the state that the destination returns. Those before it, of the same stream, are taken as returned too.
   * @returns `again` if it was returned before, `unknown` if the source has not sent it
   */
  returned(state: JsonObject, text: string): readonly SentState[] | 'again' | 'unknown';
  /** Streams whose last state has not been returned. */
  missing(): ReadonlySet<number>;
}

/** Bytes of states that may wait for their return; a destination may keep all of them to its end. */
const MAX_WAITING = 64 * 1024 * 1024;

interface Queue {
  waiting: SentState[];
  last: SentState | undefined;
  /** Whether some were dropped to save memory. */
  thinned: boolean;
}

export function createSentStates(indexOf: StreamIndex, mostWaiting = MAX_WAITING): SentStates {
  const queues = new Map<string, Queue>();
  let bytes = 0;
  const queueOf = (key: string): Queue => {
    const known = queues.get(key) ?? { waiting: [], last: undefined, thinned: false };
    queues.set(key, known);
    return known;
  };
  const keyOf = ({ kind, stream }: StateText): string =>
    stream ? `${kind} ${indexOf(stream.name, stream.namespace)}` : kind;

  return {
    sent(sent) {
      const queue = queueOf(keyOf(sent.state));
      queue.waiting.push(sent);
      bytes += sent.state.text.length;
      if (bytes <= mostWaiting) return;
      // The newest of each queue is enough: it covers the older ones.
      for (const one of queues.values()) {
        const newest = one.waiting.splice(0, Math.max(0, one.waiting.length - 1));
        if (newest.length > 0) one.thinned = true;
        bytes -= newest.reduce((sum, { state }) => sum + state.text.length, 0);
      }
    },
    returned(state, text) {
      const read = readState(state, text);
      const queue = read && queues.get(keyOf(read));
      if (!read || !queue) return 'unknown';
      const at = find(queue.waiting, read);
      if (at < 0) {
        if (queue.thinned || (queue.last && isSame(queue.last.state, read, 'doubles'))) return 'again';
        return 'unknown';
      }
      const returned = queue.waiting.splice(0, at + 1);
      queue.last = returned.at(-1);
      bytes -= returned.reduce((sum, one) => sum + one.state.text.length, 0);
      return returned;
    },
    missing() {
      const open = [...queues.values()].filter(({ waiting, last }) => {
        const newest = waiting.at(-1);
        // A state sent twice may be returned once.
        return newest !== undefined && !(last && isSame(last.state, newest.state, 'digits'));
      });
      return new Set(open.flatMap(({ waiting }) => waiting.at(-1)?.streams ?? []));
    },
  };
}

/** Looks for the exact text, then for the same value, then for one equal as doubles. The oldest match wins. */
function find(waiting: readonly SentState[], returned: StateText): number {
  const asSent = waiting.findIndex(({ state }) => state.text === returned.text);
  if (asSent >= 0) return asSent;
  const exact = waiting.findIndex(({ state }) => isSame(state, returned, 'digits'));
  return exact >= 0 ? exact : waiting.findIndex(({ state }) => isSame(state, returned, 'doubles'));
}

const spellings = new WeakMap<StateText, Map<Exactness, string>>();

/** Compares only the payload: counts and ids may be added on the way. */
function isSame(one: StateText, other: StateText, exactness: Exactness): boolean {
  return spelled(one, exactness) === spelled(other, exactness);
}

function spelled(state: StateText, exactness: Exactness): string {
  const known = spellings.get(state) ?? new Map<Exactness, string>();
  spellings.set(state, known);
  const before = known.get(exactness);
  if (before !== undefined) return before;
  const text = spelling(payloadOf(state), exactness);
  known.set(exactness, text);
  return text;
}

function payloadOf({ kind, text }: StateText): string {
  const state = Buffer.from(text, 'utf8');
  if (kind === 'GLOBAL') return topLevelText(state, 'global') ?? '{}';
  if (kind === 'LEGACY') return topLevelText(state, 'data') ?? '{}';
  const stream = topLevelText(state, 'stream');
  return (stream && topLevelText(Buffer.from(stream, 'utf8'), 'stream_state')) ?? 'null';
}
