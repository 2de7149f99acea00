/** A line whose end has not arrived yet, over any number of chunks. */

export interface CarriedLine {
  parts: Buffer[];
  bytes: number;
  /** Whether the line may hold a message. */
  hasBrace: boolean;
}

const OPEN_OBJECT = 0x7b;

export function noLine(): CarriedLine {
  return { parts: [], bytes: 0, hasBrace: false };
}

export function carryPart(line: CarriedLine, part: Buffer): void {
  line.parts.push(part);
  line.bytes += part.length;
  line.hasBrace ||= part.includes(OPEN_OBJECT);
}

/** The complete line; nothing is carried from then on. */
export function takeLine(line: CarriedLine, rest: Buffer): Buffer {
  const complete = Buffer.concat([...line.parts, rest]);
  line.parts = [];
  line.bytes = 0;
  line.hasBrace = false;
  return complete;
}
