/** The id of a request that is not parsed, because it is too large or broken: read from the ends of its text. */
import { stringEnd } from './json-bounds.ts';

export type RequestId = string | number;

/** A longer id is not repeated in an answer. */
const MAX_ID_LENGTH = 1_000;
const QUOTE = 0x22;
const TAIL_ID = /,\s*"id"\s*:\s*(-?\d{1,16}|"(?:[^"\\]|\\.)*")\s*\}\s*$/;

/** Whether a value can be the id of a request, as MCP has them. */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' ? value.length <= MAX_ID_LENGTH : Number.isSafeInteger(value);
}

/** The id among the members of the outermost object, if it is near the text's beginning or end. */
export function findRequestId(head: Buffer, tail: Buffer): RequestId | undefined {
  return idInHead(head) ?? parsedId(TAIL_ID.exec(tail.toString('utf8'))?.[1]);
}

/** Reads the head as far as it is complete: members of the outermost object only. */
function idInHead(head: Buffer): RequestId | undefined {
  let depth = 0;
  for (let at = 0; at < head.length; at += 1) {
    const byte = head[at];
    if (byte === 0x7b || byte === 0x5b) depth += 1;
    if (byte === 0x7d || byte === 0x5d) depth -= 1;
    if (byte !== QUOTE) continue;
    const end = stringEnd(head, at);
    if (end < 0) return undefined;
    if (depth === 1 && head.toString('latin1', at, end + 1) === '"id"') {
      const value = /^\s*:\s*(-?\d{1,16}(?=[\s,}])|"(?:[^"\\]|\\.)*")/.exec(head.toString('utf8', end + 1));
      if (value) return parsedId(value[1]);
    }
    at = end;
  }
  return undefined;
}

function parsedId(text: string | undefined): RequestId | undefined {
  if (text === undefined) return undefined;
  try {
    const id: unknown = JSON.parse(text);
    return isRequestId(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
