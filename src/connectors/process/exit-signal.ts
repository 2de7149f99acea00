/** Signals in the exit codes of a wrapper. Pure. */
import { constants } from 'node:os';
import type { Exit } from '../types.ts';

/** A shell, and a sandbox, tell of a program that a signal ended by the code 128 + its number. */
const BY_SIGNAL = 128;

export function exitSignal(code: number | null, signal: NodeJS.Signals | null): Pick<Exit, 'code' | 'signal'> {
  const names = Object.entries(constants.signals);
  const found = names.find(([, number]) => code === BY_SIGNAL + number)?.[0] as NodeJS.Signals | undefined;
  return found === undefined ? { code, signal } : { code: null, signal: found };
}
