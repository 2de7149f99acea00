/** One line of JSON for each call in the project's `logs/audit.jsonl`; everything written is redacted first. */
import { appendFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Project } from '../project/index.ts';
import { isObject } from '../protocol/index.ts';
import { type Redactor, redactBeginning } from '../secrets/index.ts';
import type { LedgerEntry } from './ledger.ts';

/** Something of the cloud; configurations in `before` and `after` are written without their values. */
export interface AuditObject {
  readonly kind: string;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface AuditRecord {
  readonly session: string;
  readonly client: string;
  readonly tool: string;
  readonly arguments: unknown;
  /** The names of the tool's arguments: a value under any other name is not written. */
  readonly argumentNames: readonly string[];
  /** The object of the call, if the tool named it. */
  readonly object?: AuditObject | undefined;
  /** What a change or a destruction would touch, cascades included, where the gate had to know. */
  readonly targets?: readonly LedgerEntry[] | undefined;
  /** `invalid` by its arguments; `not_judged` where looking up what it would touch failed. */
  readonly verdict: 'allowed' | 'refused' | 'invalid' | 'not_judged';
  /** `ok`, `in_progress`, or the code of the error. */
  readonly outcome: string;
  readonly durationMs: number;
  /** A second line of a call that completed after its caller had given up. */
  readonly afterCancel?: true;
}

export interface Audit {
  /** Never rejects: a log that cannot be written must not stop the work, but `problem` reports it. */
  write(record: AuditRecord): Promise<void>;
  readonly problem: () => string | undefined;
  /** Resolves when every line so far is on disk. */
  settled(): Promise<void>;
}

const MAX_BYTES = 10 * 1024 * 1024;
const MAX_ARGUMENTS = 4000;
const MAX_TARGETS = 50;

export function createAudit(project: Project, redactor: Redactor): Audit {
  let queue: Promise<void> = Promise.resolve();
  let problem: string | undefined;
  const append = async (line: string): Promise<void> => {
    try {
      const path = join(await project.folder('logs'), 'audit.jsonl');
      const size = await stat(path).then(
        (file) => file.size,
        () => 0,
      );
      if (size > MAX_BYTES) await rename(path, path.replace(/\.jsonl$/, '.1.jsonl'));
      await appendFile(path, line, { mode: 0o600 });
      problem = undefined;
    } catch (error) {
      problem = `The audit log cannot be written: ${messageOf(error)}`;
    }
  };
  return {
    problem: () => problem,
    settled: () => queue,
    write(record) {
      const { arguments: args, argumentNames, object, targets, ...rest } = record;
      const redacted = (value: unknown): string =>
        redactBeginning(JSON.stringify(value) ?? 'null', { redactor, level: 'text', shown: MAX_ARGUMENTS }).text;
      const line = JSON.stringify({
        time: new Date().toISOString(),
        ...rest,
        arguments: redacted(withoutTypedSecrets(args, argumentNames, rest.verdict === 'invalid')),
        ...(object ? { object: redactor.redactValue(bounded(withoutConfigurations(object)), 'text') } : {}),
        ...(targets ? { targets: redactor.redactValue(targets.slice(0, MAX_TARGETS), 'text') } : {}),
      });
      queue = queue.then(() => append(`${line}\n`));
      return queue;
    },
  };
}

/**
 * Arguments as the audit may keep them: of a configuration only keys and references, because a literal may be a secret.
 * In invalid arguments, this covers anything that could be a configuration under a wrong name or path.
 */
function withoutTypedSecrets(args: unknown, names: readonly string[], invalid: boolean): unknown {
  if (!isObject(args)) return keysOnly(args);
  const mayHold = (name: string, value: unknown): boolean =>
    HOLDS_VALUES.test(name) || (invalid && (!names.includes(name) || isStructured(value)));
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      mayHold(name, value) ? keysOnly(value) : withoutConfigurations(value),
    ]),
  );
}

/** An object or list, or text that looks like its JSON. */
function isStructured(value: unknown): boolean {
  return typeof value === 'string' ? /^\s*[[{]/.test(value) : typeof value === 'object' && value !== null;
}

/** Keys under which people and servers store possibly secret values. */
const HOLDS_VALUES = /^(config|configuration|manifest|state)$/;

function withoutConfigurations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutConfigurations);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      HOLDS_VALUES.test(key) ? keysOnly(inner) : withoutConfigurations(inner),
    ]),
  );
}

/** Replaces a value that is too long with a note about its length. */
function bounded(object: unknown): unknown {
  const cut = (value: unknown): unknown => {
    const text = JSON.stringify(value) ?? 'null';
    return text.length <= MAX_ARGUMENTS ? value : `${text.length} characters of JSON`;
  };
  return isObject(object)
    ? Object.fromEntries(Object.entries(object).map(([key, value]) => [key, cut(value)]))
    : object;
}

function keysOnly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keysOnly);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, keysOnly(inner)]));
  if (typeof value === 'string' && /^secret_reference::[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(value)) return value;
  return '…';
}
