import type { Figures } from '../measure/measure.ts';
import { median } from '../measure/median.ts';

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
