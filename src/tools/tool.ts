/** A tool is data: what it takes, what it answers, what it does to the world. The pipeline does the rest. */
import type { z } from 'zod';
import type { Realm } from '../config/index.ts';
import type { AuditObject, Effect, LedgerEntry } from '../safety/index.ts';
import type { Services } from './services.ts';

/** A tool whose effect depends on the call: it is shown by `shown` and judged by `of`. */
export interface VariableEffect<Input> {
  /** The strictest of `possible`. */
  readonly shown: Effect;
  readonly possible: readonly Effect[];
  of(input: Input, services: Services, signal: AbortSignal): Effect | Promise<Effect>;
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
  /** Tells the person who waits what happens now; `done` of `total` where there is such a number. */
  progress(message: string, done?: number, total?: number): void;
  /**
   * Judges again, right before it is done, what the call changes or destroys: since the gate looked, a name may have come
   * to mean something else. Nothing is judged where `targets` is empty.
   * @throws RefusedError
   */
  authorize(effect: Effect, targets: readonly LedgerEntry[]): void;
  /** Notes for the audit what the call is about, as soon as it is known; a later note replaces an earlier one. */
  about(object: AuditObject): void;
}

export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  /** The shape of `data`: own field names are those of this schema, and tests hold every answer against it. */
  readonly output: Output;
  /** Paths of optional arguments, such as `changes.prefix`, where an empty text means something else than leaving it out. */
  readonly takesEmptyText?: readonly string[];
  readonly realm: Realm;
  readonly effect: Effect | VariableEffect<z.output<Input>>;
  /** What a `change` or `destroy` touches, cascades included: safe mode asks the ledger for each of them. */
  targets?(input: z.output<Input>, services: Services, signal: AbortSignal): Promise<readonly LedgerEntry[]>;
  /** What a person can do where safe mode refuses the call; one sentence that begins with "Or". */
  byHand?(input: z.output<Input>): string | undefined;
  run(input: z.output<Input>, call: Call): Promise<Answer<z.input<Output>>>;
}

/** A tool of any shape, as the list of all tools holds it. */
export type AnyTool = Omit<Tool, 'effect' | 'run' | 'targets' | 'byHand'> & {
  readonly effect: Effect | VariableEffect<never>;
  targets?(input: never, services: Services, signal: AbortSignal): Promise<readonly LedgerEntry[]>;
  byHand?(input: never): string | undefined;
  run(input: never, call: Call): Promise<Answer<unknown>>;
};

/** Keeps the types of one tool's input and output together while it is written. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodType>(
  tool: Tool<Input, Output>,
): Tool<Input, Output> {
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
