/** Tools as MCP lists them: schemas every client accepts, and hints derived from the effect. */
import type { Tool as McpTool, ToolAnnotations } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { Settings } from '../config/index.ts';
import { type AnyTool, shownEffect, tools } from '../tools/index.ts';
import { isListed } from './gate.ts';

/** The tools that are listed with these settings, in the order of the single list. */
export function listTools(settings: Settings): McpTool[] {
  return tools.filter((tool) => isListed(tool, settings)).map(describeTool);
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
