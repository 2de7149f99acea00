import { expect, test } from 'vitest';
import { createOngoing } from './ongoing.ts';

const waiter = (waitMs: number, signal = new AbortController().signal) => ({ waitMs, signal, onProgress: () => {} });
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a late call gets the running step; the same call again gets the result of the shared work', async () => {
  const ongoing = createOngoing();
  let starts = 0;
  const work = async (_signal: AbortSignal, progress: (message: string) => void) => {
    starts += 1;
    progress('installing');
    await later(80);
    return 'installed';
  };
  const first = await ongoing.run('k', waiter(10), work);
  expect(first).toMatchObject({ state: 'in_progress', doing: 'installing' });
  expect(await ongoing.run('k', waiter(1000), work)).toEqual({ state: 'done', value: 'installed' });
  expect(starts).toBe(1);
  expect(await ongoing.run('k', waiter(1000), work)).toEqual({ state: 'done', value: 'installed' });
  expect(starts, 'a result is delivered once; then the work is done again').toBe(2);
});

test('a failure while nobody waited reaches the next caller', async () => {
  const ongoing = createOngoing();
  const fails = async () => {
    await later(30);
    throw new Error('no such package');
  };
  expect((await ongoing.run('k', waiter(1), fails)).state).toBe('in_progress');
  await later(50);
  await expect(ongoing.run('k', waiter(1000), fails)).rejects.toThrow('no such package');
});

test('work ends when its only caller gives up, and continues while another waits', async () => {
  const ongoing = createOngoing();
  const signals: AbortSignal[] = [];
  const work = async (signal: AbortSignal) => {
    signals.push(signal);
    await later(100);
    return 'done';
  };
  const [giveUp, alsoGiveUp] = [new AbortController(), new AbortController()];
  const first = ongoing.run('k', waiter(1000, giveUp.signal), work);
  const second = ongoing.run('k', waiter(1000), work);
  giveUp.abort();
  await expect(first).rejects.toMatchObject({ code: 'cancelled' });
  expect(signals[0]?.aborted).toBe(false);
  expect(await second).toEqual({ state: 'done', value: 'done' });

  const alone = ongoing.run('other', waiter(1000, alsoGiveUp.signal), work);
  alsoGiveUp.abort();
  await expect(alone).rejects.toMatchObject({ code: 'cancelled' });
  expect(signals[1]?.aborted).toBe(true);
});
