/** The last step before stdout: every string that leaves is redacted, with invisible characters escaped, whatever produced it. */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { messageOf } from '../errors.ts';
import { escapeHidden } from '../hidden-characters.ts';
import { isObject } from '../protocol/index.ts';
import { type Redactor, redactBeginning } from '../secrets/index.ts';
import { withoutSchemaDump } from './schema-dump.ts';
import { shapeData } from './shape.ts';
import { internalError } from './stdio/index.ts';

/** Protocol errors repeat what was sent, which can be megabytes. */
const MAX_ERROR_TEXT = 2_000;

/**
 * Wraps a transport so that nothing is sent through it without redaction.
 * @param isOutputField whether a key of structured content is an output field name, which is never changed
 */
export function redactTransport(
  inner: Transport,
  redactor: Redactor,
  isOutputField: (key: string) => boolean,
): Transport {
  const redacting: Transport = {
    start() {
      inner.onclose = () => redacting.onclose?.();
      inner.onerror = (error) => redacting.onerror?.(error);
      inner.onmessage = (message, extra) => redacting.onmessage?.(message, extra);
      return inner.start();
    },
    close: () => inner.close(),
    async send(message, options) {
      let redacted: JSONRPCMessage;
      try {
        redacted = redactMessage(message, redactor, isOutputField);
      } catch (error) {
        redacting.onerror?.(error instanceof Error ? error : new Error(messageOf(error)));
        if (!('id' in message) || message.id === undefined) return;
        redacted = internalError(message.id);
      }
      await inner.send(redacted, options);
    },
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version),
    setSupportedProtocolVersions: (versions) => inner.setSupportedProtocolVersions?.(versions),
  };
  return redacting;
}

function redactMessage(
  message: JSONRPCMessage,
  redactor: Redactor,
  isOutputField: (key: string) => boolean,
): JSONRPCMessage {
  const leaf = (text: string): string => escapeHidden(redactor.redact(text, 'data'));
  const data = (value: unknown): unknown =>
    showLeaves(redactor.redactValue(value, 'data', isOutputField), isOutputField);
  const copy: Record<string, unknown> = { ...message };
  if (isObject(copy.error)) copy.error = { ...copy.error, ...redactError(copy.error, redactor, data) };
  if (isObject(copy.result)) copy.result = redactResult(copy.result, leaf, data, isOutputField);
  // A progress notification carries one text of Sluice; its token and numbers belong to the protocol.
  if (isObject(copy.params) && typeof copy.params.message === 'string') {
    copy.params = { ...copy.params, message: leaf(copy.params.message) };
  }
  return copy as JSONRPCMessage;
}

function redactError(error: Record<string, unknown>, redactor: Redactor, data: (value: unknown) => unknown): object {
  const { message, code } = withoutSchemaDump(error);
  const isLong = 'data' in error && (JSON.stringify(error.data)?.length ?? 0) > MAX_ERROR_TEXT;
  return {
    code,
    ...(typeof message === 'string' ? { message: escapeHidden(beginning(message, redactor)) } : {}),
    ...('data' in error ? { data: isLong ? undefined : data(error.data) } : {}),
  };
}

function beginning(text: string, redactor: Redactor): string {
  const { text: shown, cut } = redactBeginning(text, { redactor, level: 'data', shown: MAX_ERROR_TEXT });
  return cut ? `${shown}…` : shown;
}

function redactResult(
  result: Record<string, unknown>,
  leaf: (text: string) => string,
  data: (value: unknown) => unknown,
  isOutputField: (key: string) => boolean,
): Record<string, unknown> {
  const copy = { ...result };
  if (Array.isArray(copy.content)) {
    copy.content = copy.content.map((block: unknown) =>
      isObject(block) && typeof block.text === 'string' ? { ...block, text: leaf(block.text) } : block,
    );
  }
  if ('structuredContent' in copy) {
    // Cut after redaction: half a secret would not be recognised, and the cut must not depend on a secret.
    const shaped = shapeData(data(copy.structuredContent), lengthOfTexts(copy.content), isOutputField);
    copy.structuredContent = shaped.data;
    if (shaped.cut !== undefined) copy.content = withLine(copy.content, shaped.cut);
  }
  if (typeof copy.instructions === 'string') copy.instructions = leaf(copy.instructions);
  return copy;
}

function lengthOfTexts(content: unknown): number {
  const blocks: unknown[] = Array.isArray(content) ? content : [];
  return blocks.reduce<number>(
    (sum, block) => sum + (isObject(block) && typeof block.text === 'string' ? block.text.length : 0),
    0,
  );
}

/** The blocks with another line after the last text. */
function withLine(content: unknown, line: string): unknown[] {
  const blocks: unknown[] = Array.isArray(content) ? content : [];
  const last = blocks.findLastIndex((block) => isObject(block) && typeof block.text === 'string');
  return blocks.map((block, at) =>
    at === last && isObject(block) ? { ...block, text: `${block.text}\n${line}` } : block,
  );
}

function showLeaves(value: unknown, isOutputField: (key: string) => boolean): unknown {
  if (typeof value === 'string') return escapeHidden(value);
  if (Array.isArray(value)) return value.map((item) => showLeaves(item, isOutputField));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      isOutputField(key) ? key : escapeHidden(key),
      showLeaves(inner, isOutputField),
    ]),
  );
}
