/** Text of a configuration, YAML or JSON, as an object; for errors only the position is reported. */
import { LineCounter, parseDocument } from 'yaml';
import { isObject, type JsonObject } from '../../protocol/index.ts';
import { exactInteger, parseExactJson } from './exact-json.ts';

export type ParsedConfig =
  | { readonly config: JsonObject }
  | { readonly wrong: 'syntax'; readonly line: number; readonly column: number }
  | { readonly wrong: 'not an object' };

export function parseConfigText(text: string): ParsedConfig {
  const value = parseJson(text) ?? parseYaml(text);
  if (isTextPosition(value)) return value;
  return isObject(value) ? { config: value } : { wrong: 'not an object' };
}

function parseJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    // The parser's own message quotes the text; YAML's parser reports the position.
    return undefined;
  }
}

class TextPosition {
  readonly wrong = 'syntax';
  readonly line: number;
  readonly column: number;

  constructor(line: number, column: number) {
    this.line = line;
    this.column = column;
  }
}

function isTextPosition(value: unknown): value is TextPosition {
  return value instanceof TextPosition;
}

function parseYaml(text: string): unknown {
  const lineCounter = new LineCounter();
  const options = { intAsBigInt: true, merge: true, lineCounter, prettyErrors: false, logLevel: 'silent' } as const;
  const document = parseDocument(text, options);
  const error = document.errors[0];
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return new TextPosition(line, col);
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    // Only JSON values reach a connector.
    return value === undefined ? null : JSON.parse(JSON.stringify(value, exactInteger));
  } catch {
    return new TextPosition(1, 1);
  }
}
