import { distance } from 'fastest-levenshtein';
import { SETTING_NAMES } from './setting-list.ts';

/** The settings that select the Airbyte to use; `setting-list.ts` has all settings. */
export const CLOUD_NAMES = [
  'AIRBYTE_CLOUD_CLIENT_ID',
  'AIRBYTE_CLOUD_CLIENT_SECRET',
  'AIRBYTE_CLOUD_WORKSPACE_ID',
  'AIRBYTE_CLOUD_ORGANIZATION_ID',
  'AIRBYTE_CLOUD_BEARER_TOKEN',
  'AIRBYTE_CLOUD_API_URL',
  'AIRBYTE_CLOUD_CONFIG_API_URL',
] as const;

export const MODE_NAMES = {
  cloud: { safe: 'AIRBYTE_CLOUD_MCP_SAFE_MODE', readOnly: 'AIRBYTE_CLOUD_MCP_READONLY_MODE' },
  local: { safe: 'SLUICE_SAFE_MODE', readOnly: 'SLUICE_READONLY_MODE' },
} as const;

/** Variables of the tests and the CI script, which are neither settings nor mistakes. */
const NOT_SETTINGS = new Set(['SLUICE_REQUIRE', 'SLUICE_TEST_DATA', 'SLUICE_RUN']);

/** Whether a name is reserved for settings, so that it cannot be a connector's secret. */
export function isSettingName(name: string): boolean {
  return name.startsWith('AIRBYTE_') || name.startsWith('SLUICE_');
}

/** Names that resemble a setting but are not one, each with the nearest setting. */
export function mistypedNames(names: Iterable<string>): { name: string; near: string }[] {
  const known = new Set(SETTING_NAMES);
  return [...names]
    .filter((name) => !known.has(name) && !NOT_SETTINGS.has(name))
    .filter((name) => /^AIRBYTE_.*MCP/.test(name) || name.startsWith('SLUICE_') || isNearMiss(name))
    .map((name) => ({ name, near: nearest(name).name }));
}

/** One or two wrong letters in a setting's name; most variables of an environment already differ in length. */
function isNearMiss(name: string): boolean {
  const comparable = SETTING_NAMES.some((known) => Math.abs(known.length - name.length) <= 2);
  return comparable && name.length > 9 && nearest(name).distance <= 2;
}

function nearest(name: string): { name: string; distance: number } {
  return SETTING_NAMES.map((known) => ({ name: known, distance: distance(name, known) })).reduce((best, next) =>
    next.distance < best.distance ? next : best,
  );
}
