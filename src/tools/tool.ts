/** A tool is data: its input, its output and its effects. The pipeline does the rest. */
import type { z } from 'zod';
import type { Realm } from '../config/index.ts';
import type { AuditObject, Effect, LedgerEntry } from '../safety/index.ts';
import type { Services } from './services.ts';

/** A tool whose effect depends on the call: clients see `shown`, the gate judges the effect of the call's plan. */
export interface VariableEffect {
  /** The strictest of `possible`. */
  readonly shown: Effect;
  readonly possible: readonly Effect[];
}

/**
 * What one call would do, determined before it runs. The gate judges it, the audit records it, and `run` carries out
 * just this one; a tool adds what it found to its own plan.
 */
export interface Plan {
  readonly effect: Effect;
  /** What is changed or destroyed, dependents included; empty if nothing is. Safe mode asks the ledger for each. */
  readonly targets: readonly LedgerEntry[];
}

/** What a tool answers: one compact text for the model, and the same as data for a program. */
export interface Answer<Output> {
  readonly text: string;
  readonly data: Output;
  /** Values of `data` that come from the call itself, not from a table or a connector. */
  readonly computed?: unknown;
}

/** What a running call may use. */
export interface Call {
  readonly services: Services;
  /** Aborted when the client cancels, the deadline passes or the server ends. */
  readonly signal: AbortSignal;
  /** Reports progress to the user; `done` of `total` if countable. */
  progress(message: string, done?: number, total?: number): void;
  /**
   * Revalidates a plan from inside the lock or transaction of the work: since the plan was made, a name may have come to
   * mean something else. Does nothing if `targets` is empty.
   * @throws RefusedError
   */
  authorize(effect: Effect, targets: readonly LedgerEntry[]): void;
  /** Notes for the audit what the call is about, as soon as it is known; a later note replaces an earlier one. */
  about(object: AuditObject): void;
}

export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType, P = unknown> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  /** The shape of `data`: own field names are those of this schema, and tests check every answer against it. */
  readonly output: Output;
  /** Paths of optional arguments, such as `changes.prefix`, where an empty text differs from leaving it out. */
  readonly takesEmptyText?: readonly string[];
  readonly realm: Realm;
  readonly effect: Effect | VariableEffect;
  /** Required where the tool changes or destroys, or where its effect varies. Changes nothing itself. */
  plan?(input: z.output<Input>, call: PlanContext): Promise<P & Plan>;
  /** What a person can do where safe mode refuses the call; one sentence that begins with "Or". */
  byHand?(input: z.output<Input>): string | undefined;
  run(input: z.output<Input>, call: Call, plan: P & Plan): Promise<Answer<z.input<Output>>>;
}

/** What planning may use. */
export type PlanContext = Pick<Call, 'services' | 'signal' | 'progress'>;

/** A tool of any shape, as the list of all tools holds it. */
export type AnyTool = Omit<Tool, 'run' | 'plan' | 'byHand'> & {
  plan?(input: never, call: PlanContext): Promise<Plan>;
  byHand?(input: never): string | undefined;
  run(input: never, call: Call, plan: never): Promise<Answer<unknown>>;
};

/** Keeps the types of one tool's input and output together while it is written. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodType, P = unknown>(
  tool: Tool<Input, Output, P>,
): Tool<Input, Output, P> {
  return tool;
}

/** The effects a call of this tool can have. */
export function possibleEffects(tool: AnyTool): readonly Effect[] {
  return typeof tool.effect === 'string' ? [tool.effect] : tool.effect.possible;
}

/** The effect by which a tool is shown to clients and readers. */
export function shownEffect(tool: AnyTool): Effect {
  return typeof tool.effect === 'string' ? tool.effect : tool.effect.shown;
}
