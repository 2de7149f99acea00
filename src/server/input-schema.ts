/** The JSON Schema of a tool's input: what is listed, and by what arguments are read. */
import * as z from 'zod';
import type { AnyTool } from '../tools/index.ts';

/** The part of JSON Schema by which arguments are coerced. */
export interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

const schemas = new WeakMap<AnyTool, JsonSchema>();

/** Made once for each tool. */
export function inputSchema(tool: AnyTool): JsonSchema {
  const known = schemas.get(tool);
  if (known) return known;
  const { $schema: _dialect, ...schema } = z.toJSONSchema(tool.input, { io: 'input' });
  schemas.set(tool, schema as JsonSchema);
  return schema as JsonSchema;
}
