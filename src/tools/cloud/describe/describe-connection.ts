import { maskConfiguration } from '../../../secrets/index.ts';
import type { Call } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { namespaceText } from '../connection-options.ts';
import { webAddress } from '../fields.ts';
import { findConnection } from '../found-object.ts';
import { scheduleValue } from '../schedule.ts';
import { catalogRows } from './catalog-rows.ts';
import { dateOf, named, newReport, type ObjectReport, put, type Question } from './object-report.ts';
import { configuredCatalog, stateMessages, writeProtocolFile } from './protocol-file.ts';

const MAX_STREAMS = 200;

export async function describeConnection(question: Question, call: Call): Promise<ObjectReport> {
  const { include } = question;
  const { services, signal, about } = call;
  const { cloud } = services;
  const connection = await findConnection(question, services, signal, 'id');
  const name = shortName(connection.name);
  about({ kind: 'connection', id: connection.id, name: connection.name });
  const [source, destination, workspace, jobs] = await Promise.all([
    named(connection.sourceId, (of) => cloud.actors.get('source', of, signal), call),
    named(connection.destinationId, (of) => cloud.actors.get('destination', of, signal), call),
    named(connection.workspaceId, cloud.workspaces.get, call),
    cloud.jobs.list({ connectionId: connection.id }, { offset: 0, limit: 1 }, signal),
  ]);
  const [last] = jobs.items;
  const report = newReport({
    id: connection.id,
    name,
    web_address: webAddress(cloud.addresses(), connection.workspaceId, 'connection', connection.id),
    workspace,
    created_at: dateOf(connection.createdAt),
    source,
    destination,
    status: connection.status,
    status_reason: connection.statusReason,
    schedule: scheduleValue(connection.schedule),
    prefix: connection.prefix || undefined,
    namespace: namespaceText(connection),
    schema_changes: connection.schemaChanges,
    tags: connection.tags.length > 0 ? connection.tags.map((tag) => shortName(tag.name)) : undefined,
    streams: connection.streams.slice(0, MAX_STREAMS).map((stream) => ({
      name: stream.name,
      namespace: stream.namespace,
      mode: stream.mode,
      cursor_field: stream.cursorField?.length ? [...stream.cursorField] : undefined,
      primary_key: stream.primaryKey?.length ? stream.primaryKey.map((path) => [...path]) : undefined,
      fields: stream.fields?.map((path) => path.join('.')),
    })),
    streams_total: connection.streams.length,
    last_job: last && { job_id: last.id, type: last.type, state: last.state, started_at: last.startedAt },
  });
  if (connection.streams.length > MAX_STREAMS) report.notes.push(`only the first ${MAX_STREAMS} streams are shown`);
  const files: string[] = [];
  const { keys } = await services.registry.secretKeys(signal);
  if (include.has('state')) {
    const state = await cloud.connections.state(connection.id, signal);
    const masked = maskConfiguration(state, { secretKeys: keys });
    if (question.toFile) files.push(await writeProtocolFile('state', connection.id, stateMessages(masked), call));
    else put(report, 'state', masked, call);
  }
  if (include.has('catalog')) {
    const catalog = await cloud.connections.catalog(connection.id, signal);
    if (question.toFile)
      files.push(await writeProtocolFile('catalog', connection.id, configuredCatalog(catalog), call));
    else put(report, 'catalog', catalogRows(catalog), call);
  }
  if (files.length > 0) report.data.files = files;
  return report;
}
