import * as z from 'zod';
import { ConnectorError, InputError } from '../../errors.ts';
import { checkSourceName } from '../../protocol/index.ts';
import type { Validation } from '../../sources/index.ts';
import { noteInstalled } from '../note-installed.ts';
import { defineTool } from '../tool.ts';
import { subjectFields, toSubject } from './subject.ts';
import { validationText } from './validate-config.ts';

export const saveSource = defineTool({
  name: 'save_source',
  title: 'Save a source',
  description:
    'Validates a configuration like validate_config and saves it under a name when it is valid. An existing source of that name is replaced; the old one is kept beside it, once.',
  input: z.strictObject({ name: z.string().describe('a-z, 0-9, _ and -'), ...subjectFields }),
  output: z.object({
    saved: z.literal(true),
    name: z.string(),
    replaced: z.boolean(),
    connector: z.string(),
    version: z.string(),
    runtime: z.string(),
    runtime_reason: z.string().optional(),
    next: z.string(),
  }),
  realm: 'local',
  effect: {
    shown: 'change',
    possible: ['create', 'change'],
    of: async ({ name }, { sources }) => ((await sources.has(name)) ? 'change' : 'create'),
  },
  async run(input, { services, signal, progress }) {
    checkSourceName(input.name);
    const subject = toSubject(input);
    const validation = await services.sources.validate(subject, false, { signal, progress });
    noteInstalled(services, validation.installed);
    if (!validation.valid) throw notSaved(input.name, validation);
    const { connector, version, runtime, runtimeReason } = validation;
    const { config, configFile, configSecret, manifestPath } = subject;
    const savedAt = new Date().toISOString();
    const named = { name: input.name, connector, version, runtime, runtimeReason, manifestPath };
    const { replaced } = await services.sources.save(
      { ...named, config, configFile, configSecret, savedAt },
      validation.checked,
    );
    if (!replaced) services.ledger.enter({ realm: 'local', kind: 'source', id: input.name });
    const next = `list_streams or start_sync with source "${input.name}".`;
    const data = {
      saved: true as const,
      name: input.name,
      replaced,
      connector,
      version,
      runtime,
      runtime_reason: runtimeReason,
      next,
    };
    const why = runtimeReason ? ` Runtime: ${runtimeReason}.` : '';
    const kept = replaced ? ' The replaced source is kept beside it.' : '';
    return { text: `Saved "${input.name}": ${connector} ${version} (${runtime}).${why}${kept} Next: ${next}`, data };
  },
});

function notSaved(name: string, validation: Validation): Error {
  const { problems, checkMessage } = validation;
  if (problems.length > 0) {
    return new InputError(
      'invalid_config',
      `"${name}" was not saved: its configuration has ${problems.length} problem(s).`,
      'Correct what is listed and call again.',
      { problems },
    );
  }
  return new ConnectorError(
    'check_failed',
    `"${name}" was not saved: the connector's check failed.`,
    'Correct the configuration by what the connector says and call again.',
    {
      details: {
        check_message: checkMessage ?? '',
        validation: validationText({ ...validation, checkMessage: undefined }),
      },
    },
  );
}
