/** The last lines of a test run: what was left out on this machine, and why. */
import type { Reporter, TestModule } from 'vitest/node';

const REASONS = / \[skipped: (.+)\]$/;

export class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const byReason = new Map<string, { tests: number; titles: string[] }>();
    for (const module of modules) {
      for (const suite of module.children.allSuites()) {
        const [, reasons] = REASONS.exec(suite.name) ?? [];
        if (reasons === undefined) continue;
        const tests = [...suite.children.allTests()].length;
        const known = byReason.get(reasons) ?? { tests: 0, titles: [] };
        known.tests += tests;
        known.titles.push(suite.name.replace(REASONS, ''));
        byReason.set(reasons, known);
      }
    }
    if (byReason.size === 0) return;
    process.stdout.write('\nLeft out on this machine (sluice-mcp doctor tells how to mend it):\n');
    for (const [reasons, { tests, titles }] of byReason)
      process.stdout.write(`- ${reasons}: ${tests} ${tests === 1 ? 'test' : 'tests'} (${titles.join('; ')})\n`);
  }
}
