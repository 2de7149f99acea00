/** The text of get_status, and the parts of it that doctor shows too. */
import { clockText } from '../../hosts.ts';
import { bytesText } from '../text.ts';
import type { Status } from './status-output.ts';

export function statusText(status: Status): string {
  const { modes, project_directory: project, env_file: env } = status;
  const switches = (realm: 'local' | 'cloud', what: string): string =>
    `${realm} (${what}): safe mode ${onOff(modes[realm].safe_mode)}, read-only ${onOff(modes[realm].read_only_mode)}`;
  return [
    `Sluice ${status.version}`,
    `Modes: ${switches('local', 'this machine')}; ${switches('cloud', 'an Airbyte')}.`,
    `Project directory: ${project.path ?? 'none'} (${project.set_by})`,
    `Env file: ${env.path ?? 'not set'}${env.path ? (env.readable ? ' (readable)' : ' (NOT readable)') : ' (AIRBYTE_MCP_ENV_FILE)'}`,
    ...status.runtimes.map(({ name, found, version, path, fix }) =>
      found
        ? `${name}: ${version ?? 'found'} ${name === 'docker' ? 'running ' : ''}at ${path ?? '?'}`
        : missingText({ name, path, fix }),
    ),
    `Hosts: ${status.hosts.map(hostText).join('; ') || 'none asked yet'}.`,
    sandboxText(status.sandbox),
    `Installed connectors: ${
      status.installed_connectors
        .map(({ name, bytes, note }) => `${name}: ${bytesText(bytes)}${note ? `, ${note}` : ''}`)
        .join('; ') || 'none'
    }`,
    `Cache: ${status.cache.database}${status.cache.url ? ` (${status.cache.url})` : ''}${status.cache.path ? ` at ${status.cache.path}` : ''}${status.cache.problem ? ' (NOT usable)' : ''}`,
    `Exports: ${status.exports_path ?? 'none'}`,
    `Cloud: ${status.cloud.configured ? `credentials set for ${status.cloud.api_url ?? 'an address that cannot be used'}` : 'no credentials'}, ${contactText(status.cloud.last_contact)}.`,
    `Created this session: ${status.created_this_session.map(createdText).join(', ') || 'nothing'}`,
    ...(status.history ? ['Calls of this session:', ...status.history.map(callText)] : []),
    ...status.warnings.map((warning) => `Warning: ${warning}`),
  ].join('\n');
}

/** What confines connectors, or why nothing does. */
export function sandboxText({ setting, kind, reason, fix }: Status['sandbox']): string {
  if (kind !== 'none')
    return `Sandbox: connectors that run as processes are confined by ${kind} (SLUICE_SANDBOX ${setting}).`;
  return `Sandbox: none (SLUICE_SANDBOX ${setting}), because ${reason ?? 'none was found'}.${fix ? ` ${fix}` : ''}`;
}

function callText({ at, tool, outcome, made, changed, deleted }: NonNullable<Status['history']>[number]): string {
  const did = Object.entries({ made, changed, deleted }).flatMap(([verb, entries]) =>
    entries.length > 0 ? [`${verb} ${entries.map(createdText).join(', ')}`] : [],
  );
  return `- ${at.slice(11, 19)} ${tool}: ${[outcome, ...did].join('; ')}`;
}

function contactText(contact: Status['cloud']['last_contact']): string {
  if (!contact) return 'not contacted';
  return `last contacted at ${contact.at} (${contact.answered ? 'it answered' : 'no answer'})`;
}

/** Omits ids of this machine, which readers cannot use; shows cloud ids, which other tools take. */
function createdText({ realm, kind, id, name }: Status['created_this_session'][number]): string {
  if (realm === 'cloud') return `cloud ${kind} ${name ? `"${name}" (${id})` : id}`;
  return `${kind} ${name ?? id}`;
}

function hostText({ host, reached, at }: Status['hosts'][number]): string {
  return `${host} ${reached ? 'reached' : 'NOT reached'} at ${clockText(Date.parse(at))}`;
}

function onOff({ on, set_by: by }: Status['modes']['local']['safe_mode']): string {
  return `${on ? 'on' : 'off'} (${by})`;
}

/** An engine that does not respond may still be installed; a Python that cannot create environments is. */
export function missingText({ name, path, fix }: Omit<Status['runtimes'][number], 'found'>): string {
  return `${name}: ${name === 'docker' || path ? 'not usable' : 'not found'}. ${fix ?? ''}`.trim();
}
