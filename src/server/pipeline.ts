/** A call's walk: parse, gate, deadline, run, shape of its text, audit. The seal and the size of its data follow on the transport. */
import { randomUUID } from 'node:crypto';
import { messageOf, SluiceError } from '../errors.ts';
import { canonicalJson } from '../protocol/index.ts';
import {
  type AuditObject,
  type AuditRecord,
  type Doing,
  type LedgerEntry,
  newDoing,
  notingLedger,
} from '../safety/index.ts';
import {
  type Answer,
  type AnyTool,
  type Call,
  type Services,
  shownEffect,
  tools,
  withRedactedWords,
} from '../tools/index.ts';
import type { CallResult } from './call-result.ts';
import { coerceArguments } from './coerce-arguments.ts';
import { errorResult } from './error-result.ts';
import { authorize, passGate } from './gate.ts';
import { refuseGuessing } from './named-secrets.ts';
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
const FRESH_MS = 10_000;

/** @param report where the stack of a bug goes, already sealed by the receiver */
export function createPipeline(services: Services, ongoing: Ongoing, report: (text: string) => void): Pipeline {
  const session = randomUUID();
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    async call(name, given, caller) {
      const tool = byName.get(name);
      if (!tool) return undefined;
      const args = coerceArguments(tool, given);
      const startedAt = Date.now();
      const steps: { verdict: 'allowed' | 'refused' | 'invalid' } = { verdict: 'invalid' };
      let outcome = 'ok';
      let result: CallResult;
      let targets: readonly LedgerEntry[] | undefined;
      let object: AuditObject | undefined;
      let doing = newDoing();
      const inTime = waitingFor(caller, startedAt + WAIT_MS, ongoing, continuesAfterCancel(tool));
      const write = (ended: Ended): Promise<void> =>
        services.audit.write({
          session,
          client: caller.client,
          tool: name,
          arguments: args,
          argumentNames: Object.keys(tool.input.shape),
          ...ended,
          durationMs: Date.now() - startedAt,
        });
      try {
        const input = parseArguments(tool, args);
        const key = `${tool.name} ${canonicalJson(input)}`;
        steps.verdict = 'refused';
        await passGate(tool, input, services, caller.signal, async () => {
          const look = (): Promise<Looked> =>
            inTime(`targets ${key}`, (signal, progress) => lookUpTargets(tool, input, services, signal, progress));
          let looked = await look();
          // What an earlier call began to look up may have changed since.
          if (Date.now() - looked.at > FRESH_MS) looked = await look();
          targets = looked.targets;
          return targets;
        });
        steps.verdict = 'allowed';
        const start: Start<Ran> = async (signal, progress) => {
          const ran = await runTool(tool, input, services, signal, progress);
          // The lines of those who gave up could not tell how it ended.
          if (ran.abandoned && 'answer' in ran) {
            services.history.note({ at: new Date(startedAt).toISOString(), tool: name, outcome: 'ok', ...ran.doing });
            await write({ object: ran.object, targets, verdict: 'allowed', outcome: 'ok', afterCancel: true });
          }
          return ran;
        };
        let ran = await inTime(key, start);
        // Joined work that had been given up and ended for that: started again for the one who still waits.
        if (ran.abandoned && 'error' in ran && wasCancelled(ran.error)) ran = await inTime(key, start);
        object = ran.object;
        doing = ran.doing;
        if (ran.refused) {
          steps.verdict = 'refused';
          targets = ran.refused;
        }
        if ('error' in ran) throw ran.error;
        if (ran.answer.computed !== undefined) refuseGuessing([ran.answer.computed], services.vault.redactor);
        result = answerResult(ran.answer, services);
      } catch (error) {
        if (error instanceof StillGoing) {
          outcome = 'in_progress';
          result = error.result(tool.name);
        } else {
          const known = error instanceof SluiceError ? await shownError(error, services) : undefined;
          outcome = known?.code ?? 'internal_error';
          result = errorResult(known ?? reportBug(error, report), services.vault.redactor);
        }
      }
      services.history.note({ at: new Date(startedAt).toISOString(), tool: name, outcome, ...doing });
      await write({ object, targets, ...steps, outcome });
      return result;
    },
  };
}

/** Thrown where the caller can wait no longer; the work continues. */
class StillGoing extends Error {
  readonly doing: string;
  readonly elapsedMs: number;

  constructor({ doing, elapsedMs }: { readonly doing: string; readonly elapsedMs: number }) {
    super(doing);
    this.doing = doing;
    this.elapsedMs = elapsedMs;
  }

  result(tool: string): CallResult {
    const next = `Call ${tool} again with the same arguments to join the work or get its result.`;
    const text = `in_progress after ${Math.round(this.elapsedMs / 1000)} s: ${this.doing}. ${next}`;
    const data = { state: 'in_progress', doing: this.doing, next };
    return { content: [{ type: 'text', text }], structuredContent: data };
  }
}

function wasCancelled(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'cancelled';
}

/** What is known of a call only at its end. */
type Ended = Pick<AuditRecord, 'object' | 'targets' | 'verdict' | 'outcome' | 'afterCancel'>;

type Start<T> = (signal: AbortSignal, progress: ProgressListener) => Promise<T>;
type InTime = <T>(key: string, start: Start<T>) => Promise<T>;

/** What was sent to an Airbyte is done there, whoever still waits for it. */
function continuesAfterCancel(tool: AnyTool): boolean {
  return tool.realm === 'cloud' && shownEffect(tool) !== 'read';
}

/** Starts or joins work, and waits for it until the call must be answered. */
function waitingFor(caller: Caller, until: number, ongoing: Ongoing, continuesAfterCancel: boolean): InTime {
  return async (key, start) => {
    const waitMs = Math.max(0, until - Date.now());
    const waiter = { waitMs, signal: caller.signal, onProgress: caller.onProgress, continuesAfterCancel };
    const outcome = await ongoing.run(key, waiter, start);
    if (outcome.state === 'in_progress') throw new StillGoing(outcome);
    return outcome.value;
  };
}

interface Looked {
  readonly targets: readonly LedgerEntry[];
  readonly at: number;
}

/** A realm that is far away may be slow: looking up keeps the deadline as running does. */
async function lookUpTargets(
  tool: AnyTool,
  input: unknown,
  services: Services,
  signal: AbortSignal,
  progress: ProgressListener,
): Promise<Looked> {
  progress(`looking up what ${tool.name} would touch`);
  const targets = (await tool.targets?.(input as never, services, signal)) ?? [];
  return { targets, at: Date.now() };
}

/** What the call was about is known to the audit whether the tool succeeds or fails, and to every call that joins. */
type Ran = {
  readonly object?: AuditObject | undefined;
  readonly abandoned: boolean;
  readonly doing: Doing;
  /** What the call would have touched, where it was refused only then. */
  readonly refused?: readonly LedgerEntry[] | undefined;
} & ({ readonly answer: Answer<unknown> } | { readonly error: unknown });

async function runTool(
  tool: AnyTool,
  input: unknown,
  services: Services,
  signal: AbortSignal,
  progress: ProgressListener,
): Promise<Ran> {
  const run = tool.run as (input: unknown, call: Call) => Promise<Answer<unknown>>;
  let object: AuditObject | undefined;
  let refused: readonly LedgerEntry[] | undefined;
  const doing = newDoing();
  const noting: Services = { ...services, ledger: notingLedger(services.ledger, doing) };
  const about = (noted: AuditObject): void => {
    object = noted;
  };
  const judgeAgain: Call['authorize'] = (effect, targets) => {
    if (targets.length === 0) return;
    refused = targets;
    authorize(tool, input, services, effect, targets);
    refused = undefined;
    (effect === 'destroy' ? doing.deleted : doing.changed).push(...targets);
  };
  try {
    const answer = await run(input, { services: noting, signal, progress, about, authorize: judgeAgain });
    // What was judged includes what depends on it, and has its earlier name.
    if (tool.realm === 'cloud' && shownEffect(tool) === 'change') {
      doing.changed.splice(0, doing.changed.length, ...changedInCloud(object));
    }
    return { answer, object, abandoned: signal.aborted, doing };
  } catch (error) {
    return { error, object, abandoned: signal.aborted, refused, doing };
  }
}

/** Of a change there the tool says what it was about; nothing where it found nothing to change. */
function changedInCloud(object: AuditObject | undefined): LedgerEntry[] {
  if (object?.id === undefined) return [];
  return [{ realm: 'cloud', kind: object.kind as LedgerEntry['kind'], id: object.id, name: object.name }];
}

function answerResult({ text, data }: Answer<unknown>, services: Services): CallResult {
  return {
    content: [{ type: 'text', text: shapeText(text, services.vault.redactor) }],
    structuredContent: data as Record<string, unknown>,
  };
}

/** An error of the call's own making can write out guesses as an answer can. */
async function shownError(error: SluiceError, services: Services): Promise<SluiceError> {
  const shown = await withRedactedWords(error, services);
  if (shown.kind !== 'input') return shown;
  try {
    const { message, next, problems, details } = shown;
    refuseGuessing([message, next, problems, details], services.vault.redactor);
    return shown;
  } catch (refused) {
    return refused as SluiceError;
  }
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
      `Internal error in Sluice (id ${id}).`,
      'Report it with this id and the lines about it on the server’s stderr.',
      { details: { id } },
    );
  }
}
