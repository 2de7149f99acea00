/** Error for a connector that ended without an answer. */
import { ConnectorError } from '../../errors.ts';
import { firstException, type TraceError, withoutTracebacks } from '../../protocol/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { exitWords, MORE_MEMORY } from '../exit-messages.ts';
import { redactedStart, SHOWN } from '../process/tail.ts';
import type { Exit } from '../types.ts';

export interface FailureFacts {
  readonly connector: string;
  readonly verb: string;
  readonly trace?: TraceError;
  /** Redacted end of what it logged. */
  readonly log: string;
  /** Absent when it closed its output and continued. */
  readonly exit?: Exit;
}

const MAX_MESSAGE_LENGTH = 1000;
const MAX_CAUSE_LENGTH = 600;

const NEXT: Record<TraceError['failureType'], string> = {
  config_error: 'Correct the configuration as the message says, and call again.',
  transient_error: 'Wait a moment and call again: the service was not ready.',
  system_error:
    'Read the message and the tails in the details; another version of the connector may not have this fault.',
};

/** Derives the cause and the fix from the end of the output. */
const HINTS: readonly { readonly pattern: RegExp; readonly next: string }[] = [
  {
    // The CDK replaces each occurrence of a secret in its own output, even in protocol keywords.
    pattern: /\{"[a-z_]*\*{4}|"type": ?"[A-Z_]*\*{4}/,
    next: 'A secret of one or two characters makes the connector garble its own output: use the real, longer value.',
  },
  {
    pattern: /mutable default .{1,200} use default_factory/,
    next: 'This version is too old for the Python it runs on: use a newer version of the connector.',
  },
];

export function connectorFailure(facts: FailureFacts, redactor: Redactor): ConnectorError {
  const { connector, verb, trace, exit } = facts;
  const [log, stderr] = [withoutTracebacks(facts.log).slice(-SHOWN), withoutTracebacks(exit?.stderrTail ?? '')];
  const cause = firstException(trace?.stackTrace ?? '');
  const message =
    trace && !exit?.overrun
      ? `${connector} failed at ${verb}: ${redactedStart(trace.message, redactor, MAX_MESSAGE_LENGTH)}`
      : `${connector} gave no answer to ${verb}: ${howItEnded(exit)}.`;
  const hint = HINTS.find(({ pattern }) => pattern.test(log) || pattern.test(stderr))?.next;
  const kind = trace?.failureType ?? 'system_error';
  return new ConnectorError(
    exit?.overrun ? 'connector_overrun' : trace ? `connector_${kind}` : 'connector_crashed',
    message,
    (exit?.overrun ? undefined : hint) ?? nextStep(exit) ?? NEXT[kind],
    {
      details: {
        verb,
        failure_type: kind,
        ...(trace?.internalMessage ? { internal_message: redactedStart(trace.internalMessage, redactor) } : {}),
        ...(cause && !message.includes(cause) ? { cause: redactedStart(cause, redactor, MAX_CAUSE_LENGTH) } : {}),
        ...(exit ? { exit_code: exit.code } : {}),
        ...(exit?.signal ? { exit_signal: exit.signal } : {}),
        ...(log ? { log_tail: log } : {}),
        ...(stderr ? { stderr_tail: stderr } : {}),
      },
    },
  );
}

function howItEnded(exit: Exit | undefined): string {
  if (!exit) return 'it closed its output and continued running, so it was ended';
  if (exit.overrun) return `it ${exit.overrun.message}`;
  if (exit.signal) return `it was ended by ${exit.signal}`;
  if (exit.outOfMemory)
    return exit.outOfMemory === 'likely'
      ? 'it was killed, probably out of memory'
      : 'it ran out of memory and was ended';
  return exit.code === 0 ? 'it ended without one' : `it ${exitWords(exit)}`;
}

function nextStep(exit: Exit | undefined): string | undefined {
  if (exit?.overrun) return exit.overrun.next;
  if (exit?.outOfMemory) return `${MORE_MEMORY.replace(/^i/, 'I')}.`;
  if (exit?.signal !== 'SIGKILL' && exit?.code !== 137) return undefined;
  return 'The system ended it, probably because it ran out of memory: free some, or read fewer streams, and call again.';
}
