/** A manifest's text as a checked object: everything that can be found wrong before a Python is started. */
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import { InputError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { referenceProblem } from './references.ts';

export interface Manifest {
  /** As it is written: references are still references. */
  readonly document: JsonObject;
  /** Version of the CDK that it was written for, such as `6.60.0`. */
  readonly version: string;
  /** Whether it names Python classes of its own: code would run. */
  readonly bringsCode: boolean;
  /** Whether streams are made by templates at run time, so the text does not list them. */
  readonly isDynamic: boolean;
}

const CLASS_NAME = 'class_name';
const DYNAMIC_STREAMS = 'dynamic_streams';
const MAX_LENGTH = 8 * 1024 * 1024;
const MAX_ALIASES = 10_000;
/** The CDK's parser knows no others. */
const TAGS = /^tag:yaml\.org,2002:(null|bool|int|float|merge|map|seq|str)$/;

/**
 * @param source the name of the text for the reader: a path, or `the manifest of source-x 1.0.0`
 * @throws InputError `bad_manifest`, with the line and column if known
 */
export function readManifest(text: string, source: string): Manifest {
  if (text.length > MAX_LENGTH) throw bad(source, 'is larger than 8 MB');
  const { value, words } = parsed(text, source);
  return checked(value, words, source);
}

/** Same as `readManifest`, for a parsed object. */
export function checkManifest(document: JsonObject, source: string): Manifest {
  if (JSON.stringify(document).length > MAX_LENGTH) throw bad(source, 'is larger than 8 MB');
  return checked(document, wordsIn(document), source);
}

function checked(value: unknown, words: ReadonlySet<unknown>, source: string): Manifest {
  if (!isObject(value)) throw bad(source, 'holds no keys and values');
  const type = value.type ?? 'DeclarativeSource';
  if (type !== 'DeclarativeSource') {
    const found = typeof type === 'string' ? JSON.stringify(type.slice(0, 60)) : 'no word';
    throw bad(source, `is not of type DeclarativeSource: its type is ${found}`);
  }
  if (![value.streams, value.dynamic_streams].some((list) => Array.isArray(list) && list.length > 0))
    throw bad(source, 'has neither streams nor dynamic_streams');
  const problem = referenceProblem(value);
  if (problem?.wrong === 'too large') throw bad(source, 'becomes too large when its references are written out');
  if (problem?.wrong === 'circular') throw bad(source, `refers to itself at ${problem.reference}`);
  if (problem) throw bad(source, `refers to something that is not in it: ${problem.reference}`);
  const { version } = value;
  if (typeof version !== 'string' || !/^\d+(\.\d+)*/.test(version))
    throw bad(source, 'has no version, such as version: "6.60.0"');
  return { document: value, version, bringsCode: words.has(CLASS_NAME), isDynamic: words.has(DYNAMIC_STREAMS) };
}

function parsed(text: string, source: string): { value: unknown; words: ReadonlySet<unknown> } {
  const lineCounter = new LineCounter();
  let document: Document.Parsed;
  try {
    // The CDK reads YAML 1.1, where NO is a boolean and the later of two equal keys wins.
    document = parseDocument(text, {
      version: '1.1',
      uniqueKeys: false,
      customTags: (tags) => tags.filter((tag) => typeof tag !== 'string' && TAGS.test(tag.tag)),
      lineCounter,
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) throw bad(source, 'is nested too deeply');
    throw error;
  }
  const error = document.errors[0];
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw bad(source, `is not valid YAML: line ${line}, column ${col}`);
  }
  try {
    return { value: plain(document.toJS({ maxAliasCount: MAX_ALIASES })), words: telling(document) };
  } catch (thrown) {
    if (thrown instanceof ReferenceError || thrown instanceof RangeError)
      throw bad(source, 'has aliases that multiply, or is nested too deeply');
    throw thrown;
  }
}

/** Searches the entire text, so that duplicate, merged or inherited keys cannot hide it. */
function telling(document: Document.Parsed): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  visit(document, {
    Scalar(_key, { value }) {
      if (value === CLASS_NAME || value === DYNAMIC_STREAMS) found.add(value);
    },
  });
  return found;
}

function wordsIn(document: JsonObject): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  const waiting: JsonValue[] = [document];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (typeof node === 'string') found.add(node);
    if (typeof node !== 'object' || node === null) continue;
    if (isObject(node)) for (const key of Object.keys(node)) found.add(key);
    waiting.push(...Object.values(node));
  }
  return found;
}

/** Only what JSON can say; aliases of one node stay one object. */
function plain(value: unknown, made = new Map<object, JsonValue>()): JsonValue {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return null;
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const known = made.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: JsonValue[] = [];
    made.set(value, list);
    for (const item of value) list.push(plain(item, made));
    return list;
  }
  const object: JsonObject = {};
  made.set(value, object);
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(object, key, {
      value: plain(item, made),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

function bad(source: string, reason: string): InputError {
  return new InputError(
    'bad_manifest',
    `${source} cannot be used: it ${reason}.`,
    'Correct it there, or use another version; https://docs.airbyte.com/platform/connector-development/config-based/understanding-the-yaml-file/yaml-overview tells how a manifest is written.',
  );
}
