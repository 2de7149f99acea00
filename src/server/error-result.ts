/** An error as a tool's answer: a stable code, one sentence, every problem, and what to do next. Never a traceback. */
import type { SluiceError } from '../errors.ts';
import { type Redactor, redactBeginning } from '../secrets/index.ts';
import type { CallResult } from './call-result.ts';
import { shapeText } from './shape.ts';

/** DuckDB and connectors put complete values into their messages. */
const MAX_MESSAGE = 2_000;

export function errorResult(error: SluiceError, redactor: Redactor): CallResult {
  const redact = (text: string): string => {
    const { text: redacted, cut } = redactBeginning(text, { redactor, level: 'text', shown: MAX_MESSAGE });
    return cut ? `${redacted}…` : redacted;
  };
  const problems = error.problems.map(({ path, message, fix }) => ({
    path: redact(path),
    message: redact(message),
    fix: redact(fix),
  }));
  const details = redactor.redactValue(error.details, 'text') as Record<string, unknown>;
  const body = {
    kind: error.kind,
    code: error.code,
    message: redact(error.message),
    next: redact(error.next),
    problems,
    details,
  };
  const lines = [
    `${body.code}: ${body.message}`,
    ...problems.map(({ path, message, fix }) => `- ${path ? `${path}: ` : ''}${message} ${fix}`),
    ...Object.entries(details).map(
      ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
    `Next: ${body.next}`,
  ];
  const text = shapeText(lines.join('\n'), redactor);
  return { content: [{ type: 'text', text }], structuredContent: { error: body }, isError: true };
}
