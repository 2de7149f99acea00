/** What every tool must declare, so that the pipeline can judge it. */
import { expect, test } from 'vitest';
import type { Effect } from '../safety/index.ts';
import { possibleEffects, shownEffect, tools } from './index.ts';

const STRICTNESS: readonly Effect[] = ['read', 'run', 'create', 'change', 'destroy'];

test.each(tools.map((tool) => [tool.name, tool] as const))('%s plans what it changes or destroys', (_name, tool) => {
  const effects = possibleEffects(tool);
  if (effects.includes('change') || effects.includes('destroy') || effects.length > 1) {
    expect(tool.plan).toBeTypeOf('function');
  }
});

test.each(tools.map((tool) => [tool.name, tool] as const))('%s shows its strictest effect', (_name, tool) => {
  const strictness = possibleEffects(tool).map((effect) => STRICTNESS.indexOf(effect));
  expect(STRICTNESS.indexOf(shownEffect(tool))).toBe(Math.max(...strictness));
});

test('names are unique', () => {
  expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length);
});
