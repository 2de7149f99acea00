/** The cloud settings: addresses, checked at start, and the names of credentials. */
import type { Problem } from '../errors.ts';
import { CLOUD_NAMES } from './names.ts';
import type { CloudSettings, Lookup } from './settings.ts';

const AIRBYTE_CLOUD = 'https://api.airbyte.com/v1';
const CLOUD_CONFIG = 'https://cloud.airbyte.com/api/v1';
const PUBLIC_PATH = '/api/public/v1';

/** @param allowHttp whether plain http is allowed to hosts other than this machine */
export function readCloud(lookup: Lookup, allowHttp: boolean): CloudSettings {
  const value = (name: (typeof CLOUD_NAMES)[number]): string | undefined => lookup(name)?.value.trim() || undefined;
  const names = CLOUD_NAMES.filter(value);
  const has = (name: (typeof CLOUD_NAMES)[number]): boolean => names.includes(name);
  const api = readAddress('AIRBYTE_CLOUD_API_URL', value('AIRBYTE_CLOUD_API_URL') ?? AIRBYTE_CLOUD, allowHttp);
  const given = value('AIRBYTE_CLOUD_CONFIG_API_URL');
  const config = given === undefined ? undefined : readAddress('AIRBYTE_CLOUD_CONFIG_API_URL', given, allowHttp);
  const apiUrl = api.url && publicApi(api.url);
  const ids = (['AIRBYTE_CLOUD_WORKSPACE_ID', 'AIRBYTE_CLOUD_ORGANIZATION_ID'] as const).flatMap((name) => {
    const id = value(name);
    return id === undefined || isUuid(id) ? [] : [badId(name)];
  });
  const half = has('AIRBYTE_CLOUD_CLIENT_ID') !== has('AIRBYTE_CLOUD_CLIENT_SECRET');
  const configured =
    has('AIRBYTE_CLOUD_BEARER_TOKEN') || (has('AIRBYTE_CLOUD_CLIENT_ID') && has('AIRBYTE_CLOUD_CLIENT_SECRET'));
  const problems = [api.problem, config?.problem, ...ids].filter((problem) => problem !== undefined);
  return {
    configured,
    names,
    apiUrl,
    bareUrl: api.url && isBare(api.url) ? api.url.origin : undefined,
    configApiUrl: config ? config.url && configApi(config.url) : apiUrl && derivedConfigApi(apiUrl),
    workspaceId: value('AIRBYTE_CLOUD_WORKSPACE_ID'),
    organizationId: value('AIRBYTE_CLOUD_ORGANIZATION_ID'),
    problems: half && !configured ? [...problems, HALF] : problems,
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Airbyte's ids, except those of jobs. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

function badId(name: string): Problem {
  return {
    path: name,
    message: `${name} is not a UUID.`,
    fix: 'Copy it from the web address of the workspace or the organization, and restart the server.',
  };
}

const HALF: Problem = {
  path: 'AIRBYTE_CLOUD_CLIENT_ID',
  message: 'Only one of AIRBYTE_CLOUD_CLIENT_ID and AIRBYTE_CLOUD_CLIENT_SECRET is set: the cloud tools stay off.',
  fix: 'Write both into the env file (in Airbyte: Settings, Applications) and restart the server.',
};

function readAddress(name: string, value: string, allowHttp: boolean): { url?: URL; problem?: Problem } {
  const wrong = (message: string, fix: string): { problem: Problem } => ({
    problem: { path: name, message: `${name} ${message}.`, fix: `${fix} Then restart the server.` },
  });
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    return wrong(
      'is not an http or https address',
      'Write it in full, such as https://airbyte.example.com/api/public/v1.',
    );
  // Messages show the address, so it must not contain a password.
  if (url.username || url.password || url.search || url.hash)
    return wrong(
      'holds a user, a password or a query',
      'Write the bare address; credentials have settings of their own.',
    );
  if (url.protocol === 'http:' && !allowHttp && !isLoopback(url.hostname))
    return wrong(
      'is plain http to another machine, which would read your secrets on the way',
      'Use https, or set SLUICE_ALLOW_HTTP=1 where the network is yours.',
    );
  return { url };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

function isBare({ pathname, hostname }: URL): boolean {
  return /^\/*$/.test(pathname) && hostname !== 'api.airbyte.com';
}

/** The address of a self-managed Airbyte is often copied from a browser. */
function publicApi(url: URL): string {
  const path = url.pathname.replace(/\/+$/, '');
  if (url.hostname === 'api.airbyte.com') return `${url.origin}${path || '/v1'}`;
  const root = path === '' ? '' : /^(.*)\/api(\/v1)?$/.exec(path)?.[1];
  return `${url.origin}${root === undefined ? path : `${root}${PUBLIC_PATH}`}`;
}

function configApi(url: URL): string {
  const path = url.pathname.replace(/\/+$/, '');
  if (path === '') return `${url.origin}/api/v1`;
  return `${url.origin}${path.endsWith('/api') ? `${path}/v1` : path}`;
}

function derivedConfigApi(apiUrl: string): string | undefined {
  if (apiUrl === AIRBYTE_CLOUD) return CLOUD_CONFIG;
  return apiUrl.endsWith(PUBLIC_PATH) ? `${apiUrl.slice(0, -PUBLIC_PATH.length)}/api/v1` : undefined;
}
