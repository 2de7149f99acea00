/** The age at which a sync discovers a source's catalog again. */
import { positive } from './export-limits.ts';
import type { Lookup } from './settings.ts';

const HOUR_MS = 3_600_000;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };
const DEFAULT_MS = 24 * HOUR_MS;

/** An invalid value leaves the default, with a warning. */
export function schemaAgeSetting(lookup: Lookup): { readonly ms: number; readonly warnings: string[] } {
  const { value, warnings } = positive(lookup, 'SLUICE_SCHEMA_MAX_AGE', 'a duration such as 30m, 24h or 7d', (text) => {
    const [, amount, unit = ''] = /^(\d{1,6})\s*([smhd])$/.exec(text.trim().toLowerCase()) ?? [];
    return amount === undefined ? undefined : Number(amount) * (UNITS_MS[unit] ?? HOUR_MS);
  });
  return { ms: value ?? DEFAULT_MS, warnings };
}
