/** The output field names, from the tools' output schemas: redaction never changes them. */
import * as z from 'zod';
import { isObject } from '../protocol/index.ts';
import { tools } from '../tools/index.ts';

const ERROR_WORDS = ['error', 'kind', 'code', 'message', 'next', 'problems', 'path', 'fix', 'details'];
const SHAPE_WORDS = ['cut'];

let words: Set<string> | undefined;

/** Whether a key is an output field name; the list is built on first use. */
export function isOutputField(key: string): boolean {
  if (!words) {
    words = new Set([...ERROR_WORDS, ...SHAPE_WORDS]);
    for (const tool of tools) collect(z.toJSONSchema(tool.output, { io: 'input', unrepresentable: 'any' }), words);
  }
  return words.has(key);
}

function collect(schema: unknown, into: Set<string>): void {
  if (Array.isArray(schema)) for (const item of schema) collect(item, into);
  if (!isObject(schema)) return;
  if (isObject(schema.properties)) for (const key of Object.keys(schema.properties)) into.add(key);
  for (const inner of Object.values(schema)) collect(inner, into);
}
