/** Which effects each mode allows: the table of the gate. */
import type { Mode, Modes, Realm } from '../config/index.ts';
import { RefusedError } from '../errors.ts';
import type { LedgerEntry } from './ledger.ts';

export const EFFECTS = ['read', 'run', 'create', 'change', 'destroy'] as const;
export type Effect = (typeof EFFECTS)[number];

export interface Operation {
  readonly realm: Realm;
  readonly effect: Effect;
  /** Whether everything that is changed or destroyed was created by this session. */
  readonly ownWork: boolean;
}

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly mode: Mode };

/** The gate's table. Read-only wins over safe mode. */
export function judge(operation: Operation, modes: Modes): Verdict {
  if (modes.readOnly.on && !allowedReadOnly(operation)) return { allowed: false, mode: modes.readOnly };
  if (modes.safe.on && !allowedSafe(operation)) return { allowed: false, mode: modes.safe };
  return { allowed: true };
}

function allowedReadOnly({ realm, effect }: Operation): boolean {
  // In the cloud a run starts what already exists; locally it installs and writes.
  return effect === 'read' || (effect === 'run' && realm === 'cloud');
}

function allowedSafe({ effect, ownWork }: Operation): boolean {
  return effect === 'change' || effect === 'destroy' ? ownWork : true;
}

export interface Refused {
  readonly tool: string;
  /** What the call would touch that this session did not create. */
  readonly others?: readonly LedgerEntry[];
  /** What a person can do instead of lifting the mode; one sentence. */
  readonly byHand?: string | undefined;
}

/** The refusal of an operation: which mode, where it was set, and what a person can do. */
export function refusal(operation: Operation, mode: Mode, { tool, others = [], byHand }: Refused): RefusedError {
  const readOnly = mode.variable.includes('READONLY');
  const reason = readOnly
    ? `this session is read-only for the ${operation.realm} realm (${mode.variable}, set by ${origin(mode)})`
    : `safe mode is on for the ${operation.realm} realm (${mode.variable}, set by ${origin(mode)}) and this session did not create what the call would ${operation.effect}${others.length > 0 ? `: ${others.slice(0, MAX_NAMED).map(named).join(', ')}${others.length > MAX_NAMED ? ', …' : ''}` : ''}`;
  const instead = byHand ?? (operation.realm === 'local' ? undefined : "Or do it by hand in Airbyte's web interface.");
  return new RefusedError(
    readOnly ? 'read_only_mode' : 'safe_mode',
    `${tool} was refused: ${reason}.`,
    `Only a person can lift this: set ${mode.variable}=0 in the client's configuration or the env file and restart the server.${readOnly || instead === undefined ? '' : ` ${instead}`}`,
    { details: { effect: operation.effect, realm: operation.realm, variable: mode.variable } },
  );
}

const MAX_NAMED = 5;

function named({ realm, kind, id, name }: LedgerEntry): string {
  if (name === undefined) return `${kind} ${id}`;
  return realm === 'local' ? `${kind} "${name}"` : `${kind} "${name}" (${id})`;
}

function origin(mode: Mode): string {
  return mode.origin === 'default' ? 'default' : `the ${mode.origin}`;
}
