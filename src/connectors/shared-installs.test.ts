import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { abortError } from '../errors.ts';
import { createSharedInstalls } from './shared-installs.ts';
import type { RunControl } from './types.ts';

function caller(): { control: RunControl; reported: string[]; leave(): void } {
  const controller = new AbortController();
  const reported: string[] = [];
  const control = { signal: controller.signal, progress: (message: string) => void reported.push(message) };
  return { control, reported, leave: () => controller.abort() };
}

/** Work of 300 ms that counts its starts and notices when it is given up. */
function slowWork(): { start(control: RunControl): Promise<number>; starts: number; givenUp: boolean } {
  const work = {
    starts: 0,
    givenUp: false,
    async start({ signal, progress }: RunControl): Promise<number> {
      work.starts += 1;
      progress('begun');
      for (let step = 0; step < 30; step += 1) {
        await sleep(10);
        if (signal.aborted) {
          work.givenUp = true;
          throw abortError(signal);
        }
      }
      return work.starts;
    },
  };
  return work;
}

describe('shared work', () => {
  it('is done once for all who wait, and all hear of it', async () => {
    const shared = createSharedInstalls<number>();
    const work = slowWork();
    const [one, two] = [caller(), caller()];
    const first = shared.run('key', one.control, work.start);
    await sleep(50);
    expect(await Promise.all([first, shared.run('key', two.control, work.start)])).toEqual([1, 1]);
    expect([one.reported, two.reported]).toEqual([['begun'], ['begun']]);
    expect(await shared.run('key', caller().control, work.start)).toBe(2);
  });

  it('continues when all have left, and the next caller joins it', async () => {
    const shared = createSharedInstalls<number>();
    const work = slowWork();
    const [one, two] = [caller(), caller()];
    const first = shared.run('key', one.control, work.start).catch((error: unknown) => error);
    const second = shared.run('key', two.control, work.start).catch((error: unknown) => error);
    await sleep(50);
    one.leave();
    two.leave();
    expect(await first).toMatchObject({ code: 'cancelled' });
    expect(await second).toMatchObject({ code: 'cancelled' });
    const third = caller();
    expect(await shared.run('key', third.control, work.start)).toBe(1);
    expect([work.starts, work.givenUp, third.reported]).toEqual([1, false, ['begun']]);
  });

  it('fails for all, and is started again by the next', async () => {
    const shared = createSharedInstalls<number>();
    const fail = (): Promise<number> => Promise.reject(new Error('no luck'));
    const both = [caller(), caller()].map(({ control }) => shared.run('key', control, fail));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await shared.run('key', caller().control, async () => 7)).toBe(7);
  });
});
