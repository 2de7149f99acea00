/** Addresses of both APIs, made from the settings. */
import type { CloudSettings } from '../config/index.ts';
import { SetupError } from '../errors.ts';
import { notConfigured } from './tokens.ts';
import type { CloudAddresses, Page, Paged } from './types.ts';

export interface Urls {
  addresses(): CloudAddresses;
  /** An address of the public API; the parts of the path are encoded, absent parameters left out. */
  api(path: readonly string[], query?: Readonly<Record<string, string | number | undefined>>): string;
  /** @throws SetupError `no_config_api` */
  config(path: string): string;
  /** The page as the room gives it. An address that an answer gives for the next page is never followed. */
  page<T>(asked: Page, answer: { readonly items: readonly T[]; readonly next?: string | undefined }): Paged<T>;
}

export function createUrls(settings: CloudSettings): Urls {
  const addresses = (): CloudAddresses => {
    if (!settings.configured) throw notConfigured();
    const [problem] = settings.problems;
    if (settings.apiUrl === undefined || problem) {
      throw new SetupError(
        'cloud_settings',
        problem?.message ?? 'AIRBYTE_CLOUD_API_URL cannot be used.',
        problem?.fix ?? 'Correct it and restart the server.',
      );
    }
    return { api: settings.apiUrl, configApi: settings.configApiUrl, web: webOf(settings.apiUrl) };
  };
  return {
    addresses,
    api(path, query = {}) {
      const url = new URL(`${addresses().api}/${path.map(encodeURIComponent).join('/')}`);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.set(name, String(value));
      }
      return url.href;
    },
    config(path) {
      const { configApi } = addresses();
      if (configApi !== undefined) return `${configApi}/${path}`;
      throw new SetupError(
        'no_config_api',
        "This needs Airbyte's configuration API, and its address does not follow from AIRBYTE_CLOUD_API_URL.",
        'Ask the person to set AIRBYTE_CLOUD_CONFIG_API_URL, such as https://airbyte.example.com/api/v1, and to restart the server.',
      );
    },
    page({ offset }, { items, next }) {
      return { items, nextOffset: next && items.length > 0 ? offset + items.length : undefined };
    },
  };
}

function webOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (url.hostname === 'api.airbyte.com') return 'https://cloud.airbyte.com';
  return `${url.origin}${url.pathname.replace(/\/api(\/.*)?$/, '').replace(/\/+$/, '')}`;
}
