/** Tools as MCP lists them: schemas every client accepts, and hints derived from the effect. */
import type { Tool as McpTool, ToolAnnotations } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { Modes, Realm } from '../config/index.ts';
import { type AnyTool, shownEffect, tools } from '../tools/index.ts';
import { isListed } from './gate.ts';

/** The tools that are listed in these modes, in the order of the single list. */
export function listTools(modes: Readonly<Record<Realm, Modes>>): McpTool[] {
  return tools.filter((tool) => isListed(tool, modes[tool.realm])).map(describeTool);
}

export function describeTool(tool: AnyTool): McpTool {
  const { $schema: _dialect, ...inputSchema } = z.toJSONSchema(tool.input, { io: 'input' });
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: inputSchema as McpTool['inputSchema'],
    annotations: annotationsOf(tool),
  };
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
