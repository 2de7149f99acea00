/** Addresses in a configuration that mean another machine inside a container than outside of it. */
import { isObject, type JsonValue } from '../../protocol/index.ts';
import type { Runtime } from '../types.ts';

const LOOPBACK = String.raw`(?:localhost(?:\.localdomain)?|127(?:\.\d{1,3}){3}|0\.0\.0\.0|::1|\[::1\])`;
/** The entire value is a host, with or without a port and a path. */
const HOST = new RegExp(String.raw`^${LOOPBACK}(?::\d{1,5})?(?:/\S*)?$`, 'i');
/** Hosts with a comma between them, as brokers and clusters are named. */
const LIST = /^[^\s,]+(?:\s*,\s*[^\s,]+)+$/;
/** A URL, or a list of hosts in one, such as `mongodb://a,b/db` and `jdbc:postgresql://host/db`. */
const AUTHORITY = /^[a-z][a-z0-9+.:-]*:\/\/([^/?#]*)/i;

/** What works instead of the loopback address. */
const HOST_NAME = 'host.docker.internal';

/** @returns the paths of strings that name this machine by its loopback address, such as `config.tunnel.host` */
export function loopbackPaths(value: JsonValue, path = 'config'): string[] {
  if (typeof value === 'string') return namesLoopback(value.trim()) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => loopbackPaths(item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => loopbackPaths(inner as JsonValue, `${path}.${key}`));
}

function namesLoopback(text: string): boolean {
  if (HOST.test(text)) return true;
  if (LIST.test(text) && !text.includes('://')) return text.split(',').some((host) => HOST.test(host.trim()));
  const authority = AUTHORITY.exec(text)?.[1];
  if (authority === undefined) return false;
  // The part before the last @ is a user and a password, which may contain any character.
  const hosts = authority.slice(authority.lastIndexOf('@') + 1);
  return hosts.split(',').some((host) => HOST.test(host));
}

/** What will not work in a container: one sentence for each address, without the value, which may be a secret. */
export function containerWarnings(runtime: Runtime, config: JsonValue): string[] {
  if (runtime !== 'docker') return [];
  return loopbackPaths(config).map(
    (path) =>
      `${path}: names this machine by its loopback address, which inside a container is the container itself. Write ${HOST_NAME} instead (the service must listen beyond 127.0.0.1, such as on 0.0.0.0), or use the runtime python or manifest where the connector has one.`,
  );
}
