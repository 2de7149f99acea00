import { measureStartUp } from '../measure/start-up.ts';
import { START_UP, type Verdict, verdictOf } from '../report/targets.ts';

export async function judgeStartUp(small: boolean): Promise<Verdict[]> {
  const { bareMs, initializedMs } = await measureStartUp(small ? 3 : 15);
  return [verdictOf(START_UP, initializedMs / bareMs)];
}
