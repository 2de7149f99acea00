/** Reads the envelope of one protocol line, whatever the order of its keys; the record's data stay bytes. */
import { readString, skipSpace, walkObject } from '../../protocol/index.ts';

export interface Envelope {
  readonly type: string | undefined;
  readonly stream?: string;
  readonly namespace?: string;
  /** Length of the bytes up to the value of `data` if they are the same in every record, else 0. */
  readonly prefix: number;
  /** Whether the prefix includes the namespace. */
  readonly namespaceInPrefix: boolean;
}

const TOP_KEYS = new Set(['type', 'record']);
const RECORD_KEYS = new Set(['stream', 'namespace']);

/**
 * Reads the line in `bytes` from `start` to `end`.
 * @returns undefined if it is not a complete JSON object
 */
export function readEnvelope(bytes: Buffer, start: number, end: number): Envelope | undefined {
  let type: string | undefined;
  let stream: string | undefined;
  let namespace: string | undefined;
  let steady = true;
  let prefix = 0;
  let namespaceInPrefix = false;
  /** A repeated key overrides the value in the prefix, so the prefix must not be remembered. */
  let repeated = false;

  const inRecord = (key: string, value: number, valueEnd: number): void => {
    if (prefix > 0 && (key === 'stream' || (key === 'namespace' && namespaceInPrefix))) repeated = true;
    if (key === 'stream') stream = readString(bytes, value, valueEnd);
    else if (key === 'namespace') namespace = readString(bytes, value, valueEnd) || undefined;
    else if (key === 'data' && steady && type !== undefined && stream !== undefined && bytes[value] === 0x7b) {
      prefix = value - start;
    }
    if (key === 'namespace' && prefix === 0) namespaceInPrefix = true;
    if (!RECORD_KEYS.has(key)) steady = false;
  };

  const first = skipSpace(bytes, start, end);
  const closed = walkObject(bytes, first, end, (key, value, valueEnd) => {
    if (prefix > 0 && TOP_KEYS.has(key)) repeated = true;
    if (key === 'type') type = readString(bytes, value, valueEnd);
    else if (key === 'record' && bytes[value] === 0x7b) walkObject(bytes, value, valueEnd, inRecord);
    if (!TOP_KEYS.has(key)) steady = false;
  });
  if (closed < 0 || skipSpace(bytes, closed, end) < end) return undefined;
  return {
    type,
    ...(stream === undefined ? {} : { stream }),
    ...(namespace === undefined ? {} : { namespace }),
    prefix: repeated ? 0 : prefix,
    namespaceInPrefix,
  };
}

/** The bytes of one top-level value as they are in a line, such as the `state` of a STATE message. */
export function topLevelText(line: Buffer, name: string): string | undefined {
  let text: string | undefined;
  walkObject(line, skipSpace(line, 0, line.length), line.length, (key, value, end) => {
    if (key === name) text = line.toString('utf8', value, end);
  });
  return text;
}
