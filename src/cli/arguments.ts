/** What a person or a client typed after `sluice-mcp`. */
import { parseArgs } from 'node:util';
import type { Arguments } from '../config/index.ts';

export const COMMANDS = ['serve', 'demo', 'doctor'] as const;

export type Command =
  | { readonly name: (typeof COMMANDS)[number]; readonly arguments: Arguments }
  | { readonly name: 'help' | 'version' }
  | { readonly name: 'mistake'; readonly message: string };

/** No command means `serve`: that is how clients start the server. */
export function parseCommand(argv: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        'env-file': { type: 'string' },
        'project-dir': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
    if (values.help) return { name: 'help' };
    if (values.version) return { name: 'version' };
    const [name = 'serve', ...rest] = positionals;
    const known = COMMANDS.find((command) => command === name);
    if (!known) return { name: 'mistake', message: `There is no command "${name}".` };
    if (rest.length > 0) return { name: 'mistake', message: `"${name}" takes no further words: ${rest.join(' ')}` };
    return { name: known, arguments: { envFile: values['env-file'], projectDirectory: values['project-dir'] } };
  } catch (error) {
    return { name: 'mistake', message: error instanceof Error ? error.message : String(error) };
  }
}
