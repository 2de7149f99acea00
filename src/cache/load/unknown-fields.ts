/** Looks at the first records of a segment for fields that the schema does not have. */
import { open } from 'node:fs/promises';
import { isObject, type JsonValue } from '../../protocol/index.ts';
import type { Column, SegmentFile } from './types.ts';

const SAMPLE_BYTES = 64 * 1024;
const SAMPLE_LINES = 50;
const MOST_FIELDS = 20;

export async function unknownFields(segment: SegmentFile, columns: readonly Column[]): Promise<string[]> {
  if (columns.some(({ field }) => field === undefined)) return [];
  const known = new Set(columns.map(({ field }) => field));
  const found = new Set<string>();
  const lines = (await beginning(segment.path)).split('\n').slice(0, SAMPLE_LINES);
  for (const line of lines) {
    for (const field of fieldsOf(line)) if (!known.has(field) && found.size < MOST_FIELDS) found.add(field);
  }
  return [...found];
}

async function beginning(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(SAMPLE_BYTES);
    const { bytesRead } = await file.read(buffer, 0, SAMPLE_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

// The last line of the sample is cut as a rule, and other lines may be no JSON: a sample passes over them.
function fieldsOf(line: string): string[] {
  try {
    const message = JSON.parse(line) as JsonValue;
    const record = isObject(message) ? message.record : undefined;
    return isObject(record) && isObject(record.data) ? Object.keys(record.data) : [];
  } catch {
    return [];
  }
}
