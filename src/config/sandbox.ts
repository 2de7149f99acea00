/** `SLUICE_SANDBOX`. An invalid value is treated as the stricter setting. */
import type { Lookup, SandboxSetting } from './settings.ts';

const NAME = 'SLUICE_SANDBOX';

/** @param mistyped names that look like settings, with the setting they probably mean */
export function readSandbox(
  lookup: Lookup,
  mistyped: readonly { name: string; near: string }[],
): { readonly sandbox: SandboxSetting; readonly warnings: readonly string[] } {
  const value = lookup(NAME)?.value.trim().toLowerCase();
  if (value === 'require' || value === 'auto' || value === 'off') return { sandbox: value, warnings: [] };
  const typo = mistyped.find(({ near }) => near === NAME);
  if (value === undefined && !typo) return { sandbox: 'auto', warnings: [] };
  const warning =
    value === undefined && typo
      ? `Because of ${typo.name}, ${NAME} is treated as require, the stricter value.`
      : `${NAME} must be require, auto or off; its value is not one of these, so it is treated as require.`;
  return { sandbox: 'require', warnings: [warning] };
}
