import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startDeadline } from './duckdb/query-limits.ts';
import { createQueue } from './query-queue.ts';

const never = new AbortController().signal;

describe('createQueue', () => {
  it('runs a limited number at once, in order of arrival, each exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), fc.nat(12), async (scheduler, slots, count) => {
        const queue = createQueue(slots, 100);
        const began: number[] = [];
        let running = 0;
        let most = 0;
        const all = Array.from({ length: count }, (_, index) =>
          queue.run(never, async () => {
            began.push(index);
            running += 1;
            most = Math.max(most, running);
            await scheduler.schedule(Promise.resolve());
            running -= 1;
            return index;
          }),
        );
        const [results] = await Promise.all([Promise.all(all), scheduler.waitFor(Promise.all(all))]);
        expect(results).toEqual([...results.keys()]);
        expect(began).toEqual(results);
        expect(most).toBe(Math.min(slots, count));
      }),
      { numRuns: 100 },
    );
  });

  it('rejects work when the queue is full, and lets waiting callers cancel', async () => {
    const queue = createQueue(1, 1);
    const ends: (() => void)[] = [];
    const hold = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    const first = queue.run(never, hold);
    const controller = new AbortController();
    const second = queue.run(controller.signal, hold);
    await expect(queue.run(never, hold)).rejects.toMatchObject({ code: 'busy', kind: 'limit' });
    controller.abort(new Error('given up'));
    await expect(second).rejects.toThrow();
    const third = queue.run(never, async () => 'third');
    ends[0]?.();
    await first;
    await expect(third).resolves.toBe('third');
  });

  it('frees the slot when the work fails', async () => {
    const queue = createQueue(1, 1);
    await expect(queue.run(never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(queue.run(never, async () => 1)).resolves.toBe(1);
  });

  it('keeps the slot of work that is answered but still running, and lets no caller wait forever', async () => {
    const queue = createQueue(1, 5, 200);
    const controller = new AbortController();
    const deadline = startDeadline(controller.signal);
    let end = (): void => {};
    const stubborn = new Promise<void>((resolve) => {
      end = resolve;
    });
    const first = queue.run(controller.signal, () => deadline.race(stubborn));
    controller.abort(new Error('given up'));
    await expect(first).rejects.toThrow();
    await expect(queue.run(never, async () => 2)).rejects.toMatchObject({ code: 'busy' });
    const third = queue.run(never, async () => 3);
    end();
    expect(await third).toBe(3);
    expect(await queue.run(never, async () => 4)).toBe(4);
  });
});
