/** Replaces the MCP package's JSON dump of schema findings, in its answer to an invalid request, by one sentence. */
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { isObject } from '../protocol/index.ts';

const MAX_FINDINGS = 5;

/** A protocol error, with a sentence instead of the dump. */
export function withoutSchemaDump({ code, message }: Record<string, unknown>): { code: unknown; message: unknown } {
  const findings = typeof message === 'string' ? findingsIn(message) : [];
  if (findings.length === 0) return { code, message };
  return {
    code: ProtocolErrorCode.InvalidParams,
    message: `Invalid params: ${findings.slice(0, MAX_FINDINGS).join('; ')}.`,
  };
}

function findingsIn(message: string): string[] {
  const start = /^(?:[\w /]+: )?(?=\[\s*\{)/.exec(message)?.[0].length;
  if (start === undefined) return [];
  try {
    const issues: unknown = JSON.parse(message.slice(start));
    return Array.isArray(issues) ? issues.flatMap(findingOf) : [];
  } catch {
    return [];
  }
}

function findingOf(issue: unknown): string[] {
  if (!isObject(issue) || typeof issue.message !== 'string' || !Array.isArray(issue.path)) return [];
  return [`${issue.path.join('.') || 'the request'}: ${issue.message.replace(/^Invalid input: /, '')}`];
}
