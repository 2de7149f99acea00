/** What describe_cloud_object answers: one shape for all kinds. */
import * as z from 'zod';
import { asData, textTable } from '../../text.ts';

export const DESCRIBED = ['workspace', 'source', 'destination', 'connection', 'definition'] as const;
export const INCLUDES = ['state', 'catalog', 'manifest', 'draft_manifest', 'testing_values', 'billing'] as const;
export type Include = (typeof INCLUDES)[number];

const named = z.object({ id: z.string(), name: z.string().optional() });

const stream = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  mode: z.string().optional(),
  cursor_field: z.array(z.string()).optional(),
  primary_key: z.array(z.array(z.string())).optional(),
  /** Those that are read, where not all are. */
  fields: z.array(z.string()).optional(),
});

export const description = z.object({
  kind: z.enum(DESCRIBED),
  id: z.string(),
  name: z.string(),
  web_address: z.string(),
  workspace: named.optional(),
  created_at: z.string().optional(),
  // Of sources and destinations.
  type: z.string().optional(),
  definition_id: z.string().optional(),
  configuration: z.unknown().optional(),
  connections: z.array(named.extend({ status: z.string() })).optional(),
  // Of connections.
  source: named.optional(),
  destination: named.optional(),
  status: z.string().optional(),
  status_reason: z.string().optional(),
  schedule: z.string().optional(),
  prefix: z.string().optional(),
  namespace: z.string().optional(),
  schema_changes: z.string().optional(),
  tags: z.array(z.string()).optional(),
  streams: z.array(stream).optional(),
  streams_total: z.number().optional(),
  last_job: z
    .object({ job_id: z.number(), type: z.string(), state: z.string(), started_at: z.string().optional() })
    .optional(),
  // Of workspaces.
  data_residency: z.string().optional(),
  organization: named.optional(),
  billing: z
    .object({
      payment_status: z.string().optional(),
      subscription_status: z.string().optional(),
      account_type: z.string().optional(),
      grace_period_ends_at: z.string().optional(),
    })
    .optional(),
  // Of definitions.
  version: z.string().optional(),
  sources: z.array(named).optional(),
  /** Complete, or the beginning of its JSON if it is too long. */
  state: z.unknown().optional(),
  catalog: z.unknown().optional(),
  manifest: z.unknown().optional(),
  draft_manifest: z.unknown().optional(),
  testing_values: z.unknown().optional(),
  /** Paths of state and catalog in protocol form. */
  files: z.array(z.string()).optional(),
  notes: z.array(z.string()),
});
export type Description = z.infer<typeof description>;

/** A value shown in the data and, as its JSON, in the text. */
export interface Part {
  readonly label: string;
  readonly text: string;
}

export function descriptionText(data: Description, parts: readonly Part[]): string {
  const facts: [string, string | undefined][] = [
    ['Workspace', data.workspace && pair(data.workspace)],
    ['Organization', data.organization && pair(data.organization)],
    ['Data residency', data.data_residency],
    ['Connector', data.type && `${data.type}, definition ${data.definition_id}`],
    ['Version', data.version],
    ['Source', data.source && pair(data.source)],
    ['Destination', data.destination && pair(data.destination)],
    ['Status', data.status && [data.status, data.status_reason].filter(Boolean).join(': ')],
    ['Schedule', data.schedule],
    ['Prefix', data.prefix],
    ['Namespace', data.namespace],
    ['Schema changes', data.schema_changes],
    ['Tags', data.tags?.join(', ')],
    ['Last job', data.last_job && lastJobText(data.last_job)],
    ['Billing', data.billing && billingText(data.billing)],
    ['Used by connections', data.connections && listed(data.connections)],
    ['Used by sources', data.sources && listed(data.sources)],
    ['Created', data.created_at],
    ['Written', data.files?.join(', ')],
  ];
  return [
    `${data.kind} "${data.name}" (${data.id}), ${data.web_address}`,
    ...facts.flatMap(([label, value]) => (value ? [`${label}: ${value.replace(/\s+/g, ' ')}`] : [])),
    ...(data.streams ? [`Streams: ${data.streams_total}`, streamsTable(data.streams)] : []),
    ...parts.map(({ label, text }) => asData(label, text)),
    ...data.notes.map((note) => `Note: ${note}`),
  ].join('\n');
}

function billingText(billing: NonNullable<Description['billing']>): string {
  const facts = Object.entries(billing).filter(([, value]) => value !== undefined);
  return facts.map(([key, value]) => `${key} ${value}`).join(', ');
}

function pair({ id, name }: { id: string; name?: string | undefined }): string {
  return name === undefined ? id : `${name} (${id})`;
}

function listed(all: readonly { id: string; name?: string | undefined }[]): string {
  return all.length === 0 ? 'none' : all.map(pair).join(', ');
}

function lastJobText({ job_id, type, state, started_at }: NonNullable<Description['last_job']>): string {
  return [String(job_id), type, state, started_at].filter(Boolean).join(' ');
}

function streamsTable(streams: NonNullable<Description['streams']>): string {
  return textTable(
    ['stream', 'mode', 'cursor', 'primary key'],
    streams.map(({ name, namespace, mode = '', cursor_field: cursor = [], primary_key: key = [] }) => [
      namespace === undefined ? name : `${namespace}.${name}`,
      mode,
      cursor.join('.'),
      key.map((path) => path.join('.')).join(', '),
    ]),
  );
}
