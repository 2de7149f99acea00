/** What of a Linux system every connector needs: programs, libraries, certificates, zone data, names of hosts and users. */
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grant, Mount } from './mounts.ts';
import { resolveLinks } from './paths.ts';

const TREES = ['/usr', '/nix/store', '/gnu/store', '/run/current-system', '/var/lib/ca-certificates'];
/** Folders of old systems, links into /usr on newer ones. */
const ROOT_FOLDERS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
const ETC = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'debian_version',
  'gai.conf',
  'group',
  'host.conf',
  'hosts',
  'java',
  'krb5.conf',
  'krb5.conf.d',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'locale.alias',
  'mime.types',
  'netconfig',
  'nsswitch.conf',
  'odbcinst.ini',
  'os-release',
  'passwd',
  'pki/ca-trust',
  'pki/tls',
  'protocols',
  'resolv.conf',
  'services',
  'ssl/cert.pem',
  'ssl/certs',
  'ssl/openssl.cnf',
  'static',
  'timezone',
].map((name) => join('/etc', name));

/** Variables of a connector's environment that name certificates. */
const CERTIFICATES = /^(SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS)$/i;

export const SYSTEM_GRANTS: readonly Grant[] = TREES.map((path) => ({ path }));

/** Mounts that keep links as they are: programs read the zone's name from the target of /etc/localtime. */
export async function systemMounts(): Promise<Mount[]> {
  const roots = await Promise.all(ROOT_FOLDERS.map(rootMount));
  const etc = await Promise.all(ETC.map(etcMount));
  return [...roots, ...etc].flat();
}

export function certificateGrants(environment: Readonly<Record<string, string>>): Grant[] {
  return Object.entries(environment)
    .filter(([name]) => CERTIFICATES.test(name))
    .flatMap(([, value]) => value.split(':'))
    .filter((path) => path.startsWith('/'))
    .map((path) => ({ path }));
}

async function rootMount(path: string): Promise<Mount[]> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink()) return [{ kind: 'link', target: path, to: await readlink(path) }];
  return found?.isDirectory() ? [{ kind: 'bind', source: path, target: path, write: false }] : [];
}

async function etcMount(path: string): Promise<Mount[]> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return [];
  const source = await resolveLinks(path);
  if (found.isSymbolicLink() && TREES.some((tree) => source.startsWith(`${tree}/`)))
    return [{ kind: 'link', target: path, to: source }];
  return (await lstat(source).catch(() => undefined)) ? [{ kind: 'bind', source, target: path, write: false }] : [];
}
