/**
 * The path of a call: parse, gate (plan and judge), run within the deadline, shape, audit. Redaction and the size limit
 * follow on the transport.
 */
import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../protocol/index.ts';
import type { ProgressListener } from '../shared-work.ts';
import { type Answer, type AnyTool, type Plan, type Services, shownEffect, tools } from '../tools/index.ts';
import { createDeadline, type Deadline, StillRunning } from './call-deadline.ts';
import { isCancellation, shownError } from './call-errors.ts';
import { type CallLog, createCallLog } from './call-log.ts';
import type { CallResult } from './call-result.ts';
import { coerceArguments } from './coerce-arguments.ts';
import { errorResult } from './error-result.ts';
import { authorize, authorizeTool } from './gate.ts';
import { refuseGuessing } from './named-secrets.ts';
import type { Ongoing } from './ongoing.ts';
import { parseArguments } from './parse.ts';
import { type Ran, runTool } from './run-tool.ts';
import { shapeText } from './shape.ts';

export interface Caller {
  /** Name and version of the client, for the audit. */
  readonly client: string;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

export interface Pipeline {
  /** Undefined for an unknown tool: the protocol has its own error for that. */
  call(name: string, args: unknown, caller: Caller): Promise<CallResult | undefined>;
}

/** A plan of an earlier, slow call may be outdated, so it is made again before it is judged. */
const MAX_PLAN_AGE_MS = 10_000;

/** @param report receives the stack of a bug; redacts it itself */
export function createPipeline(services: Services, ongoing: Ongoing, report: (text: string) => void): Pipeline {
  const session = randomUUID();
  const byName = new Map(tools.map((tool) => [tool.name, tool]));

  async function call(tool: AnyTool, given: unknown, caller: Caller): Promise<CallResult> {
    const log = createCallLog(tool, coerceArguments(tool, given), { session, client: caller.client, services });
    const deadline = createDeadline(caller, ongoing, continuesAfterCancel(tool));
    try {
      const input = parseArguments(tool, log.arguments);
      const plan = await passGate(tool, input, deadline, log);
      const answer = await run(tool, input, plan, deadline, log);
      return shape(answer, services);
    } catch (error) {
      if (error instanceof StillRunning) {
        log.outcome = 'in_progress';
        return error.result(tool.name);
      }
      const shown = await shownError(error, services, report);
      log.outcome = shown.code;
      return errorResult(shown, services.vault.redactor);
    } finally {
      await log.write();
    }
  }

  /** Plans the call and judges the plan. @throws RefusedError; what planning throws */
  async function passGate(tool: AnyTool, input: unknown, deadline: Deadline, log: CallLog): Promise<Plan> {
    log.verdict = 'refused';
    authorizeTool(tool, input, services);
    log.verdict = 'not_judged';
    const plan = await planCall(tool, input, deadline);
    log.targets = plan.targets;
    log.verdict = 'refused';
    authorize(tool, input, services, plan);
    log.verdict = 'allowed';
    return plan;
  }

  async function planCall(tool: AnyTool, input: unknown, deadline: Deadline): Promise<Plan> {
    if (!tool.plan) return { effect: shownEffect(tool), targets: [] };
    const make = tool.plan.bind(tool) as (input: unknown, call: object) => Promise<Plan>;
    const inTime = (): Promise<{ readonly plan: Plan; readonly at: number }> =>
      deadline.run(`plan ${keyOf(tool, input)}`, async (signal, progress) => {
        progress(`looking up what ${tool.name} would touch`);
        return { plan: await make(input, { services, signal, progress }), at: Date.now() };
      });
    const first = await inTime();
    return Date.now() - first.at > MAX_PLAN_AGE_MS ? (await inTime()).plan : first.plan;
  }

  async function run(
    tool: AnyTool,
    input: unknown,
    plan: Plan,
    deadline: Deadline,
    log: CallLog,
  ): Promise<Answer<unknown>> {
    const start = async (signal: AbortSignal, progress: ProgressListener): Promise<Ran> => {
      const ran = await runTool(tool, input, { services, signal, progress }, plan);
      // The audit lines of callers who gave up were written before the outcome was known.
      if (ran.abandoned && 'answer' in ran) await log.writeAfterCancel(ran);
      return ran;
    };
    const inTime = (): Promise<Ran> => deadline.run(keyOf(tool, input), start);
    let ran = await inTime();
    // Joined work that ended because its first caller gave up: started again for this one.
    if (ran.abandoned && 'error' in ran && isCancellation(ran.error)) ran = await inTime();
    log.take(ran);
    if ('error' in ran) throw ran.error;
    if (ran.answer.computed !== undefined) refuseGuessing([ran.answer.computed], services.vault.redactor);
    return ran.answer;
  }

  return {
    async call(name, args, caller) {
      const tool = byName.get(name);
      return tool && (await call(tool, args, caller));
    },
  };
}

/** Equal calls share their work. */
function keyOf(tool: AnyTool, input: unknown): string {
  return `${tool.name} ${canonicalJson(input)}`;
}

/** Airbyte carries out a received request even if nobody waits for it any more. */
function continuesAfterCancel(tool: AnyTool): boolean {
  return tool.realm === 'cloud' && shownEffect(tool) !== 'read';
}

function shape({ text, data }: Answer<unknown>, { vault }: Services): CallResult {
  return {
    content: [{ type: 'text', text: shapeText(text, vault.redactor) }],
    structuredContent: data as Record<string, unknown>,
  };
}
