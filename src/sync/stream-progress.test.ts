import { expect, test } from 'vitest';
import {
  addRecords,
  isLossy,
  loseRead,
  markCommitted,
  markComplete,
  newProgress,
  reopen,
  reportError,
  type StreamProgress,
  setMissing,
  setOutcome,
  startReading,
  streamState,
  takeRecordsSinceState,
} from './stream-progress.ts';

/** The phase after each step, and the state that users see. */
function walk(progress: StreamProgress, ...steps: readonly ((progress: StreamProgress) => void)[]): string[] {
  return steps.map((step) => {
    step(progress);
    return `${progress.phase} ${streamState(progress)}`;
  });
}

test('a stream is read, complete and committed, in this order', () => {
  expect(walk(newProgress('a'), markCommitted, startReading, markCommitted, markComplete, markCommitted)).toEqual([
    'pending pending',
    'reading running',
    'reading running',
    'complete complete',
    'committed complete',
  ]);
});

test('a stream that is complete stays so when its source repeats itself', () => {
  const steps = [markComplete, startReading, markCommitted, markComplete, startReading];
  expect(walk(newProgress('a'), ...steps).at(-1)).toBe('committed complete');
});

test('a stream that was reopened while its batch loaded is not committed', () => {
  const steps = [startReading, markComplete, reopen, markCommitted];
  expect(walk(newProgress('a'), ...steps).at(-1)).toBe('reading running');
});

test('the outcome is what users see at the end', () => {
  expect(walk(newProgress('a'), markComplete, (run) => setOutcome(run, 'failed'))).toEqual([
    'complete complete',
    'complete failed',
  ]);
});

test('records are counted in total and since the last state, lost ones too', () => {
  const run = newProgress('a');
  addRecords(run, 3, 30);
  loseRead(run);
  expect(takeRecordsSinceState(run)).toBe(4);
  addRecords(run, 2, 20);
  expect([takeRecordsSinceState(run), takeRecordsSinceState(run)]).toEqual([2, 0]);
  expect(run).toMatchObject({ recordsRead: 5, bytesRead: 50, lost: 1 });
});

test('a stream is lossy where records are lost, or more or fewer arrived than the source counts', () => {
  const run = newProgress('a');
  expect(isLossy(run)).toBe(false);
  setMissing(run, -1);
  expect(isLossy(run)).toBe(true);
  setMissing(run, 0);
  loseRead(run);
  expect(isLossy(run)).toBe(true);
});

test('the first error of a stream is the one that is reported', () => {
  const run = newProgress('a');
  reportError(run, 'first');
  reportError(run, 'second');
  expect(run.error).toBe('first');
});
