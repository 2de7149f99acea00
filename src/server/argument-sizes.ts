/** How large each argument may be: the work on a text often grows faster than its length. */
import { InputError, type Problem } from '../errors.ts';
import { isObject } from '../protocol/index.ts';
import type { AnyTool } from '../tools/index.ts';

interface Size {
  /** Characters of all texts and keys, and one for each other value. */
  readonly total: number;
  /** Characters of one text or key. */
  readonly text: number;
}

/** Names, searches, paths. */
const MAX_TEXT = 4_096;
const DEFAULT: Size = { total: 200_000, text: MAX_TEXT };
const SQL: Size = { total: 200_000, text: 200_000 };
/** A deletion requires the name of the Airbyte object, which may have any length. */
const NAME: Size = { total: 100_000, text: 100_000 };
const CONFIGURATION: Size = { total: 1_000_000, text: 1_000_000 };
const MANIFEST: Size = { total: 8_000_000, text: 8_000_000 };
/** Arguments of any tool that may be larger than the default. */
const LARGER: Readonly<Record<string, Size>> = {
  name: NAME,
  sql: SQL,
  config: CONFIGURATION,
  changes: CONFIGURATION,
  manifest: MANIFEST,
};

export function sizeLimit(argument: string): Size {
  return Object.hasOwn(LARGER, argument) ? (LARGER[argument] ?? DEFAULT) : DEFAULT;
}

/** @throws InputError `argument_too_large` naming each such argument */
export function checkSizes(tool: AnyTool, args: unknown): void {
  if (!isObject(args)) return;
  const known = new Set(Object.keys(tool.input.shape));
  const problems = Object.entries(args).flatMap(([name, value]) => {
    const limit = known.has(name) ? sizeLimit(name) : DEFAULT;
    const tooLong =
      name.length > MAX_TEXT ? `The name of an argument has ${name.length} characters` : tooLarge(value, limit);
    return tooLong === undefined ? [] : [problemOf(name, tooLong, limit)];
  });
  if (problems.length === 0) return;
  throw new InputError(
    'argument_too_large',
    `${tool.name} cannot take arguments of this size: ${problems[0]?.message}`,
    'Send less in one call; large configurations and manifests can be read from a file of the user (config_file, manifest_path).',
    { problems: problems.slice(0, 10) },
  );
}

function problemOf(name: string, tooLong: string, limit: Size): Problem {
  return {
    path: name.slice(0, 100),
    message: `${tooLong}.`,
    fix: `At most ${limit.text.toLocaleString('en-US')} characters in one text, ${limit.total.toLocaleString('en-US')} in all.`,
  };
}

/** Walks without recursion and ends at the limit. */
function tooLarge(value: unknown, { total, text }: Size): string | undefined {
  const left: unknown[] = [value];
  let sum = 0;
  while (left.length > 0) {
    const item = left.pop();
    const texts = typeof item === 'string' ? [item] : isObject(item) ? Object.keys(item) : [];
    for (const found of texts) {
      if (found.length > text) return `A text in it has ${found.length.toLocaleString('en-US')} characters`;
      sum += found.length;
    }
    if (typeof item !== 'string') sum += 1;
    if (typeof item === 'object' && item !== null) for (const inner of Object.values(item)) left.push(inner);
    if (sum > total) return `It is larger than ${total.toLocaleString('en-US')} characters`;
  }
  return undefined;
}
