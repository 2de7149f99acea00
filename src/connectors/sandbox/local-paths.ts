/** Paths of this machine that the texts of a configuration name, however they are spelled. Pure. */
import { dottedPath, type FieldPath, isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { spelledForms } from './spelled-forms.ts';

/** Where a path begins: at `/`, at a home, at a drive, or relative with `..`. */
export interface LocalPath {
  /** `within`: a slash inside of something else, such as an address; a path only if it leads somewhere on this machine. */
  readonly kind: 'absolute' | 'home' | 'relative' | 'variable' | 'within';
  /** From its first character on, up to what surely ends it; backslashes are slashes. */
  readonly text: string;
}

export interface NamedPaths {
  /** Field path such as `provider.storage`. */
  readonly field: string;
  /** Every reading of the text, decoded. */
  readonly forms: readonly string[];
  readonly paths: readonly LocalPath[];
}

const REFERENCE = 'secret_reference::';
/** What may be before a path inside a longer text. */
const BEFORE = /[\s"'`=,;([{<>|:@]/;
/** What surely ends a path; a blank may be a part of one. */
const END = /[\n\r\t"'`,;<>|]/;
/** Where a look is worth it. */
const BEGINNING = /[/~$%]|\.(?=\.)|[a-z](?=:\/)/gi;
/** Of one text. */
const MAX_PATHS = 200;
/** Slashes inside of other text; a long one of several addresses has hundreds. */
const MAX_WITHIN = 2000;
/** The longest path that a system accepts. */
const MAX_LENGTH = 4096;
const NETWORK_URL =
  /\b(?:https?|wss?|ftps?|sftp|s3[an]?|gs|gcs|abfss?|wasbs?|az|azure|mongodb(?:\+srv)?):\/\/[^\s"'`<>,;|/?#~](?:(?!:\/\/)[^\s"'`<>,;|])*/gi;

/** The texts of a configuration, keys too, that name a path of this machine; references to secrets are passed over. */
export function namedPaths(config: JsonObject): NamedPaths[] {
  return textsOf(config, []).flatMap(({ field, text }) => {
    const forms = spelledForms(text);
    return [{ field, forms, paths: forms.flatMap(localPathsIn) }];
  });
}

function textsOf(value: JsonValue, path: FieldPath): { field: string; text: string }[] {
  const field = dottedPath(path) || '(root)';
  if (typeof value === 'string') return value.startsWith(REFERENCE) ? [] : [{ field, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ field, text: key }, ...textsOf(inner, [...path, key])]);
}

/** Paths in one reading of a text. */
export function localPathsIn(form: string): LocalPath[] {
  const text = form.replace(NETWORK_URL, (url) => ' '.repeat(url.length));
  const found: LocalPath[] = [];
  for (const { index } of text.matchAll(BEGINNING)) {
    const before = text[index - 1];
    // Some programs use the part after the last `://` of an address.
    if (before === undefined || BEFORE.test(before) || text.startsWith('://', index - 3)) {
      const kind = kindAt(text, index);
      if (kind) found.push({ kind: kind.kind, text: textFrom(text, index + kind.skip) });
    }
    if (isClimb(text, index)) found.push({ kind: 'relative', text: textFrom(text, startOf(text, index)) });
    // A text with more of them is not a real value: one that is never allowed replaces the rest.
    if (found.length > MAX_PATHS) return [...found, { kind: 'variable', text: '' }];
  }
  return [...found, ...pathsWithin(form)];
}

/** The path that starts at each slash, regardless of the text before it. */
function pathsWithin(text: string): LocalPath[] {
  const found = new Set<string>();
  for (const { index } of text.matchAll(/\/(?=[^/])/g)) {
    found.add(textFrom(text, index));
    if (found.size > MAX_WITHIN) return [{ kind: 'variable', text: '' }];
  }
  return [...found].map((one) => ({ kind: 'within', text: one }));
}

function kindAt(text: string, index: number): { kind: LocalPath['kind']; skip: number } | undefined {
  const rest = text.slice(index, index + 300);
  if (text[index - 1] === ':' && rest.startsWith('//')) {
    // Behind a scheme: an address, unless the host is empty or the scheme is that of files.
    const isFile = /(?:^|[^a-z])file:$/i.test(text.slice(Math.max(0, index - 6), index));
    const host = /^\/\/([^/]*)\//.exec(rest)?.[1];
    if (host === undefined || (host !== '' && !isFile)) return undefined;
    return { kind: 'absolute', skip: 2 + host.length };
  }
  if (/^\/(?:\S|$)/.test(rest)) return rest === '/' && text.trim() !== '/' ? undefined : { kind: 'absolute', skip: 0 };
  if (/^[a-z]:\//i.test(rest)) return { kind: 'absolute', skip: 0 };
  if (/^~[\w.-]*(?:\/|$)/.test(rest)) return { kind: 'home', skip: 0 };
  if (/^(?:\$HOME|\$\{HOME\}|%USERPROFILE%)(?:\/|$)/i.test(rest)) return { kind: 'home', skip: 0 };
  if (/^(?:\$[A-Z_][A-Z0-9_]*|\$\{[A-Z_][A-Z0-9_]*\}|%[A-Z_]+%)\//.test(rest)) return { kind: 'variable', skip: 0 };
  return undefined;
}

/** Whether `..` is a path segment here. */
function isClimb(text: string, index: number): boolean {
  if (!text.startsWith('..', index)) return false;
  const before = text[index - 1];
  const after = text[index + 2];
  const starts = before === undefined || before === '/' || BEFORE.test(before);
  return starts && (after === undefined ? before === '/' || text === '..' : after === '/' || END.test(after));
}

/** Finds the start of the path that contains this position. */
function startOf(text: string, index: number): number {
  let start = index;
  while (start > 0 && start > index - MAX_LENGTH && !BEFORE.test(text[start - 1] ?? ' ')) start -= 1;
  return start;
}

function textFrom(text: string, index: number): string {
  const rest = text.slice(index, index + MAX_LENGTH);
  const end = rest.search(END);
  return (end < 0 ? rest : rest.slice(0, end)).trimEnd();
}
