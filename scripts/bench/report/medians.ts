import type { Figures } from '../measure/measure.ts';

/** Each figure's own median over the runs. */
export function medianFigures(runs: readonly Figures[]): Figures {
  const of = (figure: keyof Figures): number => median(runs.map((run) => run[figure]));
  return {
    wallSeconds: of('wallSeconds'),
    cpuSeconds: of('cpuSeconds'),
    connectorCpuSeconds: of('connectorCpuSeconds'),
    othersCpuSeconds: of('othersCpuSeconds'),
    peakBytes: of('peakBytes'),
    peakWithoutConnectorBytes: of('peakWithoutConnectorBytes'),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}
