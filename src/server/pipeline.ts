/** A call's walk: parse, gate, deadline, run, shape, audit. The seal follows on the transport. */
import { randomUUID } from 'node:crypto';
import { messageOf, SluiceError } from '../errors.ts';
import { canonicalJson } from '../protocol/index.ts';
import { type Answer, type AnyTool, type Services, tools } from '../tools/index.ts';
import type { CallResult } from './call-result.ts';
import { errorResult } from './error-result.ts';
import { passGate } from './gate.ts';
import type { Ongoing, ProgressListener } from './ongoing.ts';
import { parseArguments } from './parse.ts';
import { shapeText } from './shape.ts';

export interface Caller {
  /** Name and version of the client, for the audit. */
  readonly client: string;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

export interface Pipeline {
  /** Undefined for a name that is no tool: the protocol has an error of its own for that. */
  call(name: string, args: unknown, caller: Caller): Promise<CallResult | undefined>;
}

/** Every call is answered within 45 s: the margin is for shaping, sealing and a slow pipe. */
const WAIT_MS = 42_000;

/** @param report where the stack of a bug goes, already sealed by the receiver */
export function createPipeline(services: Services, ongoing: Ongoing, report: (text: string) => void): Pipeline {
  const session = randomUUID();
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    async call(name, args, caller) {
      const tool = byName.get(name);
      if (!tool) return undefined;
      const startedAt = Date.now();
      const steps: { verdict: 'allowed' | 'refused' | 'invalid' } = { verdict: 'invalid' };
      let outcome = 'ok';
      let result: CallResult;
      try {
        const input = parseArguments(tool, args);
        steps.verdict = 'refused';
        await passGate(tool, input, services);
        steps.verdict = 'allowed';
        const answer = await runInTime(tool, input, services, ongoing, caller);
        if ('inProgress' in answer) outcome = 'in_progress';
        result = answer.result;
      } catch (error) {
        const known = error instanceof SluiceError ? error : undefined;
        outcome = known?.code ?? 'internal_error';
        result = errorResult(known ?? reportBug(error, report), services.vault.redactor);
      }
      const durationMs = Date.now() - startedAt;
      await services.audit.write({
        session,
        client: caller.client,
        tool: name,
        arguments: args,
        argumentNames: Object.keys(tool.input.shape),
        ...steps,
        outcome,
        durationMs,
      });
      return result;
    },
  };
}

async function runInTime(
  tool: AnyTool,
  input: unknown,
  services: Services,
  ongoing: Ongoing,
  caller: Caller,
): Promise<{ result: CallResult; inProgress?: true }> {
  const run = tool.run as (input: unknown, call: Parameters<AnyTool['run']>[1]) => Promise<Answer<unknown>>;
  const waiter = { waitMs: WAIT_MS, signal: caller.signal, onProgress: caller.onProgress };
  const outcome = await ongoing.run(`${tool.name} ${canonicalJson(input)}`, waiter, (signal, progress) =>
    run(input, { services, signal, progress }),
  );
  if (outcome.state === 'done') {
    const { text, data } = outcome.value;
    return {
      result: {
        content: [{ type: 'text', text: shapeText(text, services.vault.redactor) }],
        structuredContent: data as Record<string, unknown>,
      },
    };
  }
  const seconds = Math.round(outcome.elapsedMs / 1000);
  const next = `Call ${tool.name} again with the same arguments to join the work or get its result.`;
  const text = `in_progress after ${seconds} s: ${outcome.doing}. ${next}`;
  const data = { state: 'in_progress', doing: outcome.doing, next };
  return { result: { content: [{ type: 'text', text }], structuredContent: data }, inProgress: true };
}

/** A bug's reader gets an id; its stack goes to stderr under the same id. */
function reportBug(error: unknown, report: (text: string) => void): SluiceError {
  const id = randomUUID().slice(0, 8);
  report(`internal error ${id}: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
  return new InternalError(id);
}

class InternalError extends SluiceError {
  readonly kind = 'setup';
  constructor(id: string) {
    super(
      'internal_error',
      `Sluice failed on its own account (id ${id}).`,
      'Try once more. If it fails again, report it with this id and the lines about it on the server’s stderr.',
      { details: { id } },
    );
  }
}
