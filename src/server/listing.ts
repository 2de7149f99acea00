/** Tools as MCP lists them: schemas every client accepts, and hints derived from the effect. */
import type { Tool as McpTool, ToolAnnotations } from '@modelcontextprotocol/server';
import type { Settings } from '../config/index.ts';
import { isObject } from '../protocol/index.ts';
import { type AnyTool, shownEffect, tools } from '../tools/index.ts';
import { isListed } from './gate.ts';
import { inputSchema } from './input-schema.ts';

/** The tools that are listed with these settings, in the order of the single list. */
export function listTools(settings: Settings): McpTool[] {
  return tools.filter((tool) => isListed(tool, settings)).map(describeTool);
}

export function describeTool(tool: AnyTool): McpTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: forAllClients(inputSchema(tool)) as McpTool['inputSchema'],
    annotations: annotationsOf(tool),
  };
}

/**
 * Leaves out what some model APIs and SDKs reject, and with it the complete list: unknown fields and field names are
 * checked by the server anyway, and a value of any type is described by an empty schema.
 */
function forAllClients(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forAllClients);
  if (!isObject(schema)) return schema;
  const { propertyNames: _names, additionalProperties: _others, ...rest } = schema;
  if (rest.maximum === Number.MAX_SAFE_INTEGER) delete rest.maximum;
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, forAllClients(value)]));
}

/** All four hints follow from effect and realm. */
export function annotationsOf(tool: AnyTool): ToolAnnotations {
  const effect = shownEffect(tool);
  return {
    readOnlyHint: effect === 'read',
    destructiveHint: effect === 'change' || effect === 'destroy',
    idempotentHint: effect === 'read' || effect === 'change',
    openWorldHint: effect === 'run' || tool.realm === 'cloud',
  };
}
