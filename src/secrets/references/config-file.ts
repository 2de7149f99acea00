/** Reads a `config_file`: it belongs to the person, so none of its text is ever shown. */
import type { Settings } from '../../config/index.ts';
import type { Problem } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { type FileRules, readAllowedFile } from './allowed-file.ts';

export type LoadedLayer = { readonly config: JsonObject } | { readonly problem: Problem };

const RULES: FileRules = {
  files: 'configurations',
  kind: 'a YAML or JSON file',
  ownFile: {
    message: 'a file that Sluice or a connector wrote',
    fix: 'Use a configuration file of the user, from another folder.',
  },
  maxMebibytes: 1,
  tooLarge: 'A configuration is small: check that this is the right file.',
};

/** Never throws because of a problem with the file: all problems of a call are reported together. */
export async function readConfigFile(path: string, settings: Settings): Promise<LoadedLayer> {
  const file = await readAllowedFile(path, settings, RULES);
  if ('text' in file) return parsedFile(path, file.text);
  return { problem: { path: 'config_file', message: file.message, fix: file.fix } };
}

/** The configuration that a secret holds. If it cannot be parsed, the position is not reported: it would reveal a part of the value. */
export async function readConfigSecret(name: string, text: string): Promise<LoadedLayer> {
  const { parseConfigText } = await import('./config-text.ts');
  const parsed = parseConfigText(text);
  if ('config' in parsed) return parsed;
  const message = `The secret ${name} does not hold a configuration.`;
  const fix = 'Ask the user to write it as JSON or YAML, with keys and values as the connector expects them.';
  return { problem: { path: 'config_secret', message, fix } };
}

async function parsedFile(source: string, text: string): Promise<LoadedLayer> {
  // The YAML parser is loaded by the first call that needs it.
  const { parseConfigText } = await import('./config-text.ts');
  const parsed = parseConfigText(text);
  if ('config' in parsed) return parsed;
  const problem =
    parsed.wrong === 'syntax'
      ? {
          message: `${source} is not valid YAML or JSON: line ${parsed.line}.`,
          fix: 'Ask the user to correct it there.',
        }
      : {
          message: `${source} does not hold an object.`,
          fix: 'It must hold keys and values, as the connector expects them.',
        };
  return { problem: { path: 'config_file', ...problem } };
}
