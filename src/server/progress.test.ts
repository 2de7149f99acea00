import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

test('a step is reported once, then by a heartbeat until the next; the numbers grow', async () => {
  const sent: [number, string][] = [];
  const progress = createProgress((number, message) => void sent.push([number, message]), 40);
  progress.onProgress('checking');
  progress.onProgress('checking');
  expect(sent).toEqual([[1, 'checking']]);
  await sleep(100);
  progress.onProgress('reading', 50, 100);
  progress.end();
  const numbers = sent.map(([number]) => number);
  expect(sent.length).toBeGreaterThanOrEqual(3);
  expect(sent[1]?.[1]).toBe('checking (0 s)');
  expect(sent.at(-1)).toEqual([50, 'reading']);
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
  const count = sent.length;
  await sleep(100);
  expect(sent).toHaveLength(count);
});
