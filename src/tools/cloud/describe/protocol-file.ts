/** Writes state and catalog of a connection, in full and in Airbyte protocol format, to files in the project's exports. */
import { writeFile } from 'node:fs/promises';
import { RefusedError } from '../../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../protocol/index.ts';
import { publishExport, stagedExport } from '../../local/export-file.ts';
import type { Call } from '../../tool.ts';

/** @returns the path. @throws RefusedError if this machine's realm is read-only */
export async function writeProtocolFile(
  label: 'state' | 'catalog',
  connectionId: string,
  value: JsonValue,
  { services }: Call,
): Promise<string> {
  const { project, settings, vault, ledger } = services;
  const { readOnly } = settings.modes.local;
  if (readOnly.on) {
    throw new RefusedError(
      'read_only_mode',
      `No file is written: this session is read-only for the local realm (${readOnly.variable}).`,
      `Leave to_file out; only a person can lift this, with ${readOnly.variable}=0 and a restart of the server.`,
    );
  }
  const folder = await project.folder('exports');
  const moment = new Date().toISOString().replace(/[-:.]/g, '');
  const name = `connection-${connectionId}-${label}-${moment}.json`;
  const staged = await stagedExport(await project.folder('staging'));
  try {
    const text = `${JSON.stringify(value, null, 2)}\n`;
    await writeFile(staged.path, vault.redactor.redact(text, 'data'), { mode: 0o600, flag: 'wx' });
    const { path, id } = await publishExport(staged.path, folder, name);
    ledger.enter({ realm: 'local', kind: 'export', id, name });
    return path;
  } finally {
    await staged.remove();
  }
}

/** A list of state messages, as a connector takes it. */
export function stateMessages(state: JsonObject): JsonValue {
  const { stateType, globalState, streamState, state: data } = state;
  if (stateType === 'stream') return objects(streamState).map((each) => ({ type: 'STREAM', stream: streamOf(each) }));
  if (stateType === 'legacy') return [{ type: 'LEGACY', data: data ?? {} }];
  if (stateType !== 'global' || !isObject(globalState)) return [];
  const { shared_state: shared, sharedState = shared, streamStates } = globalState;
  const stream_states = objects(streamStates).map(streamOf);
  return [{ type: 'GLOBAL', global: { shared_state: sharedState ?? {}, stream_states } }];
}

function streamOf({ streamDescriptor, streamState }: JsonObject): JsonObject {
  return { stream_descriptor: streamDescriptor ?? {}, stream_state: streamState ?? {} };
}

/** The configured catalog of the streams that the connection reads. */
export function configuredCatalog({ streams }: JsonObject): JsonValue {
  const configured = objects(streams).flatMap(({ stream, config }) => {
    if (!isObject(stream) || !isObject(config) || config.selected === false) return [];
    const { name = '', namespace, jsonSchema, supportedSyncModes, sourceDefinedCursor } = stream;
    return [
      {
        stream: {
          name,
          ...(namespace ? { namespace } : {}),
          json_schema: jsonSchema ?? {},
          supported_sync_modes: supportedSyncModes ?? [],
          source_defined_cursor: sourceDefinedCursor ?? false,
          default_cursor_field: stream.defaultCursorField ?? [],
          source_defined_primary_key: stream.sourceDefinedPrimaryKey ?? [],
        },
        sync_mode: config.syncMode ?? 'full_refresh',
        destination_sync_mode: config.destinationSyncMode ?? 'append',
        cursor_field: config.cursorField ?? [],
        primary_key: config.primaryKey ?? [],
      },
    ];
  });
  return { streams: configured };
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
