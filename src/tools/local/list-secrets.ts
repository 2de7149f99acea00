import * as z from 'zod';
import { SetupError } from '../../errors.ts';
import { defineTool } from '../tool.ts';

export const listSecrets = defineTool({
  name: 'list_secrets',
  title: 'List the names of secrets',
  description:
    'List the secrets in the env file: name, store, set or empty, kind (sensitive, plain, setting). Never a value.',
  input: z.strictObject({ search: z.string().optional() }),
  output: z.object({
    secrets: z.array(
      z.object({
        name: z.string(),
        store: z.enum(['env file', 'keychain']),
        set: z.boolean(),
        kind: z.enum(['sensitive', 'plain', 'setting']),
      }),
    ),
    total: z.number(),
    env_file: z.string().optional(),
    problems: z.array(z.object({ path: z.string(), message: z.string(), fix: z.string() })),
    next: z.string(),
  }),
  realm: 'local',
  effect: 'read',
  async run({ search = '' }, { services }) {
    const { envFile } = services.settings;
    if (envFile.path === undefined && envFile.problem) {
      throw new SetupError('env_file_unusable', envFile.problem.message, envFile.problem.fix);
    }
    const { envFile: read, problems: found } = await services.vault.status();
    if (read?.readable === false) {
      throw new SetupError(
        'env_file_unusable',
        found[0]?.message ?? 'The env file cannot be read.',
        found[0]?.fix ?? '',
      );
    }
    const problems = found.map((problem) => ({ ...problem }));
    const all = await services.vault.list();
    const requested = search.toLowerCase();
    const secrets = all.filter(({ name }) => name.toLowerCase().includes(requested)).map((entry) => ({ ...entry }));
    const next =
      envFile.path === undefined
        ? 'No env file is set: a person sets AIRBYTE_MCP_ENV_FILE to the absolute path of one, and restarts the server.'
        : 'In a configuration write "secret_reference::NAME". A person adds or changes values in the env file; no restart is needed.';
    const lines = secrets.map(({ name, store, set, kind }) => `${name} (${kind}, ${store}, ${set ? 'set' : 'EMPTY'})`);
    const head = `${secrets.length} of ${all.length} names. Env file: ${envFile.path ?? 'not set'}`;
    const wrong = problems.map(({ path, message, fix }) => `Problem: ${path}: ${message} ${fix}`);
    return {
      text: [head, ...lines, ...wrong, next].join('\n'),
      data: { secrets, total: all.length, env_file: envFile.path, problems, next },
    };
  },
});
