/**
 * What a test needs of the machine: left out by name with its reason, or a failure where SLUICE_REQUIRE names it. With a minus
 * before it (`-old-python`) it is known not to be had: what needs it is left out, and counts neither way.
 * `scripts/left-out.ts` lists what was left out at the end of a run.
 */
import { describe, type TestFunction, test } from 'vitest';
import { lackOf, type RequirementName } from './lacks.ts';

const required: ReadonlySet<string> = new Set(
  (process.env.SLUICE_REQUIRE ?? '').split(',').filter((name) => name !== ''),
);

/** A group of tests that runs only where everything it needs is there. */
export function describeWith(names: readonly RequirementName[], title: string, body: () => void): void {
  const { reason, isExpected } = lackOfAny(names);
  if (reason === undefined) describe(title, body);
  else if (isExpected) describe.todo(`${title} [left out: ${reason}]`);
  else describe.skip(`${title} [left out: ${reason}]`, body);
}

/** The same for one test. */
export function testWith(names: readonly RequirementName[], title: string, body: TestFunction): void {
  const { reason, isExpected } = lackOfAny(names);
  if (reason === undefined) test(title, body);
  else if (isExpected) test.todo(`${title} [left out: ${reason}]`);
  else test.skip(`${title} [left out: ${reason}]`, body);
}

/** @throws where something is missing that SLUICE_REQUIRE names */
function lackOfAny(names: readonly RequirementName[]): { reason?: string; isExpected: boolean } {
  const unavailable = names.find((name) => required.has(`-${name}`));
  if (unavailable) return { reason: lackOf(unavailable) ?? `SLUICE_REQUIRE has -${unavailable}`, isExpected: true };
  const lacks = names.flatMap((name) => {
    const reason = lackOf(name);
    return reason === undefined ? [] : [{ name, reason }];
  });
  const fatal = lacks.filter(({ name }) => required.has(name));
  if (fatal.length > 0) throw new Error(`required, but ${fatal.map(({ reason }) => reason).join('; ')}`);
  return lacks.length > 0
    ? { reason: lacks.map(({ reason }) => reason).join('; '), isExpected: false }
    : { isExpected: false };
}
