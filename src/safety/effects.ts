/** What a tool may do, judged by mode: the table of the gate, and nothing else. */
import type { Mode, Modes, Realm } from '../config/index.ts';
import { RefusedError } from '../errors.ts';
import type { LedgerEntry } from './ledger.ts';

export const EFFECTS = ['read', 'run', 'create', 'change', 'destroy'] as const;
export type Effect = (typeof EFFECTS)[number];

export interface Deed {
  readonly realm: Realm;
  readonly effect: Effect;
  /** Whether everything that is changed or destroyed was made by this session. */
  readonly ownWork: boolean;
}

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly mode: Mode };

/** The gate's table. Read-only wins over safe mode. */
export function judge(deed: Deed, modes: Modes): Verdict {
  if (modes.readOnly.on && !allowedReadOnly(deed)) return { allowed: false, mode: modes.readOnly };
  if (modes.safe.on && !allowedSafe(deed)) return { allowed: false, mode: modes.safe };
  return { allowed: true };
}

function allowedReadOnly({ realm, effect }: Deed): boolean {
  // In the cloud a run starts what already exists; locally it installs and writes.
  return effect === 'read' || (effect === 'run' && realm === 'cloud');
}

function allowedSafe({ realm, effect, ownWork }: Deed): boolean {
  if (effect === 'destroy') return ownWork;
  if (effect === 'change' && realm === 'cloud') return ownWork;
  return true;
}

/**
 * The refusal of a deed: which mode, where it was set, and what a person can do.
 * @param others what it would touch that this session did not create
 */
export function refusal(deed: Deed, mode: Mode, tool: string, others: readonly LedgerEntry[] = []): RefusedError {
  const readOnly = mode.variable.includes('READONLY');
  const reason = readOnly
    ? `this session is read-only for the ${deed.realm} realm (${mode.variable}, set by ${origin(mode)})`
    : `safe mode is on for the ${deed.realm} realm (${mode.variable}, set by ${origin(mode)}) and this session did not create what the call would ${deed.effect}${others.length > 0 ? `: ${others.slice(0, MOST_NAMED).map(named).join(', ')}${others.length > MOST_NAMED ? ', …' : ''}` : ''}`;
  const byHand =
    deed.realm === 'local'
      ? deed.effect === 'destroy'
        ? ' Or run "sluice-mcp remove" in a terminal.'
        : ''
      : " Or do it by hand in Airbyte's own pages.";
  return new RefusedError(
    readOnly ? 'read_only_mode' : 'safe_mode',
    `${tool} was refused: ${reason}.`,
    `Only a person can lift this: set ${mode.variable}=0 in the client's configuration or the env file and restart the server.${byHand}`,
    { details: { effect: deed.effect, realm: deed.realm, variable: mode.variable } },
  );
}

const MOST_NAMED = 5;

function named({ kind, id, name }: LedgerEntry): string {
  return name === undefined ? `${kind} ${id}` : `${kind} "${name}" (${id})`;
}

function origin(mode: Mode): string {
  return mode.origin === 'default' ? 'default' : `the ${mode.origin}`;
}
