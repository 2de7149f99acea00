/** Addresses of both APIs, made from the settings. */
import type { CloudSettings } from '../config/index.ts';
import { InputError, SetupError } from '../errors.ts';
import { notConfigured } from './errors.ts';
import type { CloudAddresses } from './types.ts';

/** Where a request goes: parts of a path of the public API with parameters, or a path of the configuration API. */
export type Endpoint =
  | { readonly api: readonly string[]; readonly query?: Readonly<Record<string, string | number | undefined>> }
  | { readonly config: string };

export interface Urls {
  /** Uses the bare host as the public API when there is nothing at the usual path. @returns whether the address changed */
  moveToRoot(): boolean;
  /** @throws SetupError `cloud_not_configured`, `cloud_settings` */
  addresses(): CloudAddresses;
  /** The complete address; absent parameters are omitted. @throws SetupError `no_config_api`; InputError `bad_id` */
  at(endpoint: Endpoint): string;
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
    at(endpoint) {
      const { api, configApi } = addresses();
      if ('api' in endpoint) return publicAddress(api, endpoint);
      if (configApi !== undefined) return `${configApi}/${endpoint.config}`;
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
  // Encoding is not enough: proxies decode slashes, and `..` cannot be encoded.
  if (odd !== undefined) {
    throw new InputError(
      'bad_id',
      `This is not an id: ${JSON.stringify(odd.slice(0, 80))}.`,
      'An id is a UUID, or the number of a job; list_cloud_objects lists them.',
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
  // A host for the public API alone serves no pages; the configuration API is on the host of the web pages.
  const servesPages = /\/api(\/|$)/.test(new URL(apiUrl).pathname);
  const url = new URL(servesPages ? apiUrl : (configApiUrl ?? apiUrl));
  return `${url.origin}${url.pathname.replace(/(\/api(\/.*)?|\/v1)$/, '').replace(/\/+$/, '')}`;
}
