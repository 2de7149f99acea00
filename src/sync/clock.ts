/** Ticks: time that this process was awake, so that a suspended machine is not mistaken for a silent connector. */

export const TICK_MS = 1_000;

export interface Clock {
  tick(): Promise<'tick'>;
  after(ms: number): Promise<'late'>;
  stop(): void;
}

export function createClock(): Clock {
  let wake: (value: 'tick') => void = () => undefined;
  let ticking = nextTick();
  const timers = new Set<NodeJS.Timeout>();
  const interval = setInterval(() => {
    wake('tick');
    ticking = nextTick();
  }, TICK_MS);
  function nextTick(): Promise<'tick'> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }
  return {
    tick: () => ticking,
    after: (ms: number) => new Promise<'late'>((resolve) => timers.add(setTimeout(() => resolve('late'), ms))),
    stop() {
      clearInterval(interval);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
