/** The text of get_connector_info: what to know before writing a configuration, in few lines. */
import { asData } from '../text.ts';
import type { Info } from './connector-info-output.ts';
import { manifestLines } from './manifest-facts.ts';

type Field = Info['required_fields'][number];

export function infoText(info: Info): string {
  const { title, name, type, version, support_level: support, repository, versions } = info;
  return [
    `${name} ${version}: ${title} (${type}, ${support}, ${repository})`,
    `On this machine: ${hereText(info.runtimes)}`,
    ...info.runtimes.map(({ runtime, state, reason }) => `- ${runtime}: ${STATE_WORDS[state]}${reason}`),
    info.required_fields.length > 0 ? 'Required fields:' : 'Required fields: none.',
    ...info.required_fields.flatMap((field) => fieldLines(field)),
    ...listLine('Optional fields', info.optional_fields),
    ...listLine('Secret fields (write "secret_reference::NAME")', info.secret_fields),
    ...info.fitting_secrets.map(({ field, names }) => `- ${field}: the name of ${names.join(', ')} fits`),
    `Example: ${JSON.stringify(info.example_config)}`,
    ...info.alternatives.map(({ title, config }) => `Or, ${title}: ${JSON.stringify(config)}`),
    ...listLine('Suggested streams', info.suggested_streams),
    ...(info.documentation_url ? [`Documentation: ${info.documentation_url}`] : []),
    ...(versions ? versionLines(versions) : []),
    ...(info.docs
      ? ['Upstream documentation:', ...info.docs.map((link) => `- ${link.title} (${link.kind}): ${link.url}`)]
      : []),
    ...(info.spec ? [asData('specification', JSON.stringify(info.spec))] : []),
    ...(info.manifest_facts ? manifestLines(info.manifest_facts) : []),
    ...(info.manifest ? [asData('manifest', info.manifest)] : []),
    ...info.notes.map((note) => `Note: ${note}`),
  ].join('\n');
}

const STATE_WORDS: Record<Info['runtimes'][number]['state'], string> = {
  ready: 'ready, ',
  download: '',
  unreachable: 'not now, ',
  missing: 'no, ',
};

function hereText(runtimes: Info['runtimes']): string {
  if (runtimes.some(({ state }) => state === 'ready')) return 'ready';
  if (runtimes.some(({ state }) => state === 'download')) return 'runs after a download';
  return runtimes.some(({ state }) => state === 'unreachable') ? 'not now' : 'does not run';
}

function listLine(label: string, names: readonly string[]): string[] {
  return names.length > 0 ? [`${label}: ${names.join(', ')}`] : [];
}

function fieldLines(field: Field, indent = '- '): string[] {
  const { path, type, title, description, secret, allowed, allowed_more: more, example, options } = field;
  const facts = [
    secret ? `${type}, secret` : type,
    field.default === undefined ? undefined : `default ${JSON.stringify(field.default)}`,
    allowed
      ? `one of ${allowed.map((value) => JSON.stringify(value)).join(', ')}${more ? ` and ${more} more` : ''}`
      : undefined,
    example === undefined ? undefined : `such as ${JSON.stringify(example)}`,
  ].filter((fact) => fact !== undefined);
  const words = [title, description].filter((text) => text !== undefined && text !== path).join('. ');
  return [
    `${indent}${path} (${facts.join('; ')})${words ? `: ${words}` : ''}`,
    ...(options ?? []).map((option) => `    ${optionText(option)}`),
  ];
}

function optionText({ title, field, value, required }: NonNullable<Field['options']>[number]): string {
  const choice =
    field === undefined ? (title ?? 'option') : `${field} ${JSON.stringify(value)}${title ? ` (${title})` : ''}`;
  const needs = required.map(({ path, type, secret }) => `${path} (${secret ? `${type}, secret` : type})`);
  return `${choice}: ${needs.length > 0 ? needs.join(', ') : 'nothing more'}`;
}

function versionLines(versions: NonNullable<Info['versions']>): string[] {
  const { registry_version: current, release_candidates: candidates, breaking_changes: changes } = versions;
  const { pypi_releases: releases, pypi_release_count: count = 0 } = versions;
  return [
    `Registry version: ${current}${candidates.length > 0 ? `; release candidates: ${candidates.join(', ')}` : ''}`,
    ...(changes.length > 0 ? ['Breaking changes:'] : []),
    ...changes.map(
      ({ version, deadline, message }) => `- ${version}${deadline ? ` (until ${deadline})` : ''}: ${message}`,
    ),
    ...(releases
      ? [
          `On PyPI, newest ${releases.length} of ${count}: ${releases
            .map(({ version, date, yanked }) => `${version}${date ? ` (${date}${yanked ? ', yanked' : ''})` : ''}`)
            .join(', ')}`,
        ]
      : []),
  ];
}
