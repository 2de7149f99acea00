/** The text of the state file that a connector starts with. States stay text: a parse would change large numbers. */
import type { StateText } from '../cache/index.ts';
import { isObject, type JsonObject, skipSpace, streamDescriptor, walkList, walkObject } from '../protocol/index.ts';
import { indexStreams, type StreamName, streamKey } from './stream-keys.ts';

export interface StateChoice {
  /** All stored states of the source, in the order in which they were committed. */
  readonly states: readonly StateText[];
  /** The streams that continue from their state. */
  readonly resumed: readonly StreamName[];
  /** The other streams of this sync: they start over. */
  readonly restarted: readonly StreamName[];
}

/** @returns undefined where nothing is to be resumed from */
export function stateFile({ states, resumed, restarted }: StateChoice): string | undefined {
  if (resumed.length === 0) return undefined;
  // A connector that changed from one kind to another continues with its latest state.
  const last = states.at(-1);
  if (last?.kind === 'STREAM') {
    const own = new Map(states.map((state) => [state.stream && streamKey(state.stream), state.text]));
    const legacy = states.find(({ kind }) => kind === 'LEGACY');
    const texts = resumed.flatMap((stream) => own.get(streamKey(stream)) ?? fromLegacy(legacy, stream) ?? []);
    return texts.length > 0 ? `[${texts.join(',')}]` : undefined;
  }
  if (!last) return undefined;
  const state = Buffer.from(last.text, 'utf8');
  if (last.kind === 'GLOBAL') return `[${withoutStreams(state, resumed, restarted)}]`;
  const names = new Set(restarted.map(({ name }) => name));
  const blob = memberOf(state, 'data') ?? state;
  return rebuilt(membersOf(blob), '{}', ({ key }) => !names.has(key));
}

/** The kind, stream and original text of a STATE message; undefined if it has no state. */
export function readState(state: JsonObject, text: string): StateText | undefined {
  if (state.type === 'GLOBAL' || (state.type === undefined && isObject(state.global))) return { kind: 'GLOBAL', text };
  if (state.type === 'STREAM' || (state.type === undefined && isObject(state.stream))) {
    const stream = isObject(state.stream) ? streamDescriptor(state.stream.stream_descriptor) : undefined;
    return stream ? { kind: 'STREAM', stream, text } : undefined;
  }
  return isObject(state.data) ? { kind: 'LEGACY', text } : undefined;
}

interface Part {
  readonly key: string;
  /** The member with its key, or the element. */
  readonly whole: Buffer;
  readonly value: Buffer;
}

/** A stream that has no state of its own yet continues from the connector's old one, which was for all streams. */
function fromLegacy(legacy: StateText | undefined, { name, namespace }: StreamName): string | undefined {
  if (!legacy) return undefined;
  const state = Buffer.from(legacy.text, 'utf8');
  const own = memberOf(memberOf(state, 'data') ?? state, name)?.toString('utf8');
  if (own === undefined) return undefined;
  const descriptor = JSON.stringify({ name, ...(namespace ? { namespace } : {}) });
  return `{"type":"STREAM","stream":{"stream_descriptor":${descriptor},"stream_state":${own}}}`;
}

function withoutStreams(state: Buffer, resumed: readonly StreamName[], restarted: readonly StreamName[]): string {
  if (restarted.length === 0) return state.toString('utf8');
  const indexOf = indexStreams([...resumed, ...restarted]);
  const isAnew = (entry: Buffer): boolean => {
    const parsed: unknown = JSON.parse(entry.toString('utf8'));
    const stream = isObject(parsed) ? streamDescriptor(parsed.stream_descriptor) : undefined;
    return stream !== undefined && indexOf(stream.name, stream.namespace) >= resumed.length;
  };
  const inside = (part: Part): string =>
    part.key === 'stream_states'
      ? `"stream_states":${rebuilt(elementsOf(part.value), '[]', ({ value }) => !isAnew(value))}`
      : part.whole.toString('utf8');
  const members = membersOf(state).map((part) =>
    part.key === 'global' ? `"global":{${membersOf(part.value).map(inside).join(',')}}` : part.whole.toString('utf8'),
  );
  return `{${members.join(',')}}`;
}

function rebuilt(parts: readonly Part[], brackets: '{}' | '[]', keep: (part: Part) => boolean): string {
  const kept = parts.filter(keep).map(({ whole }) => whole.toString('utf8'));
  return `${brackets[0]}${kept.join(',')}${brackets[1]}`;
}

function membersOf(object: Buffer): Part[] {
  const parts: Part[] = [];
  walkObject(object, skipSpace(object, 0, object.length), object.length, (key, start, end, from) =>
    parts.push({ key, whole: object.subarray(from, end), value: object.subarray(start, end) }),
  );
  return parts;
}

function elementsOf(list: Buffer): Part[] {
  const parts: Part[] = [];
  walkList(list, skipSpace(list, 0, list.length), list.length, (start, end) => {
    const value = list.subarray(start, end);
    parts.push({ key: '', whole: value, value });
  });
  return parts;
}

function memberOf(object: Buffer, wanted: string): Buffer | undefined {
  return membersOf(object).find(({ key }) => key === wanted)?.value;
}
