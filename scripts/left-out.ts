/** The last lines of a test run: what was left out on this machine, and why. */
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

const REASON = / \[left out: (.+)\]$/;

interface Left {
  tests: number;
  readonly titles: string[];
}

export class LeftOut implements Reporter {
  #isSelection = false;

  onInit({ config }: Vitest): void {
    this.#isSelection = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const byReason = new Map<string, Left>();
    const silent: string[] = [];
    const add = (name: string, reason: string, tests: number): void => {
      const known = byReason.get(reason) ?? { tests: 0, titles: [] };
      known.tests += tests;
      known.titles.push(name.replace(REASON, ''));
      byReason.set(reason, known);
    };
    const visit = (item: TestCase | TestSuite): void => {
      const reason = REASON.exec(item.name)?.[1];
      if (reason !== undefined) add(item.name, reason, countTests(item));
      else if (item.type === 'suite') for (const child of item.children) visit(child);
      else if (item.result().state === 'skipped') silent.push(`${item.module.relativeModuleId}: ${item.fullName}`);
    };
    for (const module of modules) for (const child of module.children) visit(child);
    report(byReason);
    // With -t, tests that do not match are skipped.
    if (silent.length > 0 && !this.#isSelection) fail(silent);
  }
}

function countTests(item: TestCase | TestSuite): number {
  return item.type === 'test' ? 1 : [...item.children.allTests()].length;
}

function report(byReason: ReadonlyMap<string, Left>): void {
  if (byReason.size === 0) return;
  const lines = [...byReason].map(
    ([reason, { tests, titles }]) =>
      `- ${reason}: ${tests > 0 ? `${tests} ${tests === 1 ? 'test' : 'tests'} ` : ''}(${titles.join('; ')})`,
  );
  process.stdout.write(`\nLeft out on this machine:\n${lines.join('\n')}\n`);
}

/** A reader of the last lines must not assume that everything was tested. */
function fail(silent: readonly string[]): void {
  process.stdout.write(`\nSkipped without a reason (use describeWith or testWith):\n- ${silent.join('\n- ')}\n`);
  process.exitCode = 1;
}
