/** The limits of one export. */
import { readBytes } from './memory.ts';
import type { Lookup, Settings } from './settings.ts';

const DEFAULTS: Settings['exportLimits'] = { bytes: 2 * 1024 ** 3, rows: 100_000_000 };

/** An invalid value leaves the default, with a warning. */
export function exportSetting(lookup: Lookup): { limits: Settings['exportLimits']; warnings: string[] } {
  const bytes = positive(lookup, 'SLUICE_EXPORT_MAX_BYTES', 'an amount such as 500m or 20g', readBytes);
  const rows = positive(lookup, 'SLUICE_EXPORT_MAX_ROWS', 'a whole number', (text) =>
    /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined,
  );
  return {
    limits: { bytes: bytes.value ?? DEFAULTS.bytes, rows: rows.value ?? DEFAULTS.rows },
    warnings: [...bytes.warnings, ...rows.warnings],
  };
}

/** A setting that is an amount; `read` returns undefined for an invalid one. */
export function positive(
  lookup: Lookup,
  name: string,
  form: string,
  read: (text: string) => number | undefined,
): { value: number | undefined; warnings: string[] } {
  const text = lookup(name)?.value;
  const value = text === undefined ? undefined : read(text);
  const isWrong = text !== undefined && (value === undefined || value < 1);
  return {
    value: isWrong ? undefined : value,
    warnings: isWrong ? [`${name} must be ${form}; its value is not, so the default holds.`] : [],
  };
}
