/** Addresses of both APIs, made from the settings. */
import type { CloudSettings } from '../config/index.ts';
import { InputError, SetupError } from '../errors.ts';
import { notConfigured } from './errors.ts';
import type { CloudAddresses, Page, Paged } from './types.ts';

/** Where a request goes: parts of a path of the public API with parameters, or a path of the configuration API. */
export type Endpoint =
  | { readonly api: readonly string[]; readonly query?: Readonly<Record<string, string | number | undefined>> }
  | { readonly config: string };

export interface Urls {
  /** Takes a bare host for the public API itself, where nothing lies at the usual path. @returns whether that is another address */
  moveToRoot(): boolean;
  /** @throws SetupError `cloud_not_configured`, `cloud_settings` */
  addresses(): CloudAddresses;
  /** The whole address; absent parameters are left out. @throws SetupError `no_config_api`; InputError `bad_id` */
  at(place: Endpoint): string;
}

export function createUrls(settings: CloudSettings): Urls {
  let root: string | undefined;
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
    const given = settings.names.includes('AIRBYTE_CLOUD_CONFIG_API_URL');
    const api = root ?? settings.apiUrl;
    const configApi = root === undefined || given ? settings.configApiUrl : undefined;
    return { api, configApi, web: webOf(api, configApi) };
  };
  return {
    addresses,
    moveToRoot() {
      if (root !== undefined || settings.bareUrl === undefined) return false;
      root = settings.bareUrl;
      return true;
    },
    at(place) {
      const { api, configApi } = addresses();
      if ('api' in place) return publicAddress(api, place);
      if (configApi !== undefined) return `${configApi}/${place.config}`;
      throw new SetupError(
        'no_config_api',
        "This needs Airbyte's configuration API, and its address does not follow from AIRBYTE_CLOUD_API_URL.",
        'Ask the person to set AIRBYTE_CLOUD_CONFIG_API_URL, such as https://airbyte.example.com/api/v1, and to restart the server.',
      );
    },
  };
}

function publicAddress(base: string, { api, query = {} }: Extract<Endpoint, { api: unknown }>): string {
  const odd = api.find((part) => !/^[\w-]+$/.test(part));
  // Encoding is not enough: proxies decode slashes, and `..` has no code of its own.
  if (odd !== undefined) {
    throw new InputError(
      'bad_id',
      `This is no id: ${JSON.stringify(odd.slice(0, 80))}.`,
      'An id is a UUID, or the number of a job; list_cloud_objects shows those that there are.',
    );
  }
  const url = new URL(`${base}/${api.join('/')}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

function webOf(apiUrl: string, configApiUrl: string | undefined): string {
  if (new URL(apiUrl).hostname === 'api.airbyte.com') return 'https://cloud.airbyte.com';
  // A host for the public API alone serves no pages; the configuration API lies beside them.
  const servesPages = /\/api(\/|$)/.test(new URL(apiUrl).pathname);
  const url = new URL(servesPages ? apiUrl : (configApiUrl ?? apiUrl));
  return `${url.origin}${url.pathname.replace(/(\/api(\/.*)?|\/v1)$/, '').replace(/\/+$/, '')}`;
}

/**
 * The page with the offset of the next one. What an answer says of a next page is not used: Airbyte names one after every page
 * that is not empty. After a full page there may be more; what a deletion does not see it would carry away.
 */
export function pageOf<T>({ offset, limit }: Page, items: readonly T[]): Paged<T> {
  return { items, nextOffset: items.length >= limit ? offset + items.length : undefined };
}
