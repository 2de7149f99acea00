/** Safe mode and read-only mode of both realms. An invalid value is treated as the stricter setting. */
import { MODE_NAMES } from './names.ts';
import type { Lookup, Mode, Modes, Realm } from './settings.ts';

export interface ReadModes {
  readonly modes: Readonly<Record<Realm, Modes>>;
  readonly warnings: readonly string[];
}

/** @param mistyped names that look like settings, with the setting they probably mean */
export function readModes(lookup: Lookup, mistyped: readonly { name: string; near: string }[]): ReadModes {
  const warnings: string[] = [];
  const read = (variable: string, byDefault: boolean): Mode => {
    const typo = mistyped.find(({ near }) => near === variable);
    const found = lookup(variable);
    if (!found && typo) {
      warnings.push(`Because of ${typo.name}, ${variable} counts as 1, the stricter value.`);
      return { on: true, variable, origin: 'default' };
    }
    if (!found) return { on: byDefault, variable, origin: 'default' };
    const value = found.value.trim().toLowerCase();
    if (/^(1|true|yes)$/.test(value)) return { on: true, variable, origin: found.origin };
    if (/^(0|false|no)$/.test(value)) return { on: false, variable, origin: found.origin };
    warnings.push(
      `${variable} must be 0, 1, true, false, yes or no; its value is not one of these, so it counts as 1.`,
    );
    return { on: true, variable, origin: found.origin };
  };
  const realm = (name: Realm): Modes => ({
    safe: read(MODE_NAMES[name].safe, true),
    readOnly: read(MODE_NAMES[name].readOnly, false),
  });
  return { modes: { local: realm('local'), cloud: realm('cloud') }, warnings };
}
