/** What answers `tools/list` and `tools/call`. Loaded at the first of them: `initialize` does not need it. */
import { nearest } from '../protocol/index.ts';
import type { App } from '../tools/index.ts';
import { listTools } from './listing.ts';
import { createOngoing } from './ongoing.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';

export { isOutputField } from './output-fields.ts';

export interface Calls {
  readonly listTools: () => ReturnType<typeof listTools>;
  readonly pipeline: Pipeline;
  /** Listed tool names similar to an unknown one. */
  nearTools(name: string): string;
  /** Aborts what runs and closes the app. */
  end(): Promise<void>;
}

export function createCalls({ services, endAll }: App, report: (text: string) => void): Calls {
  const ongoing = createOngoing();
  const list = (): ReturnType<typeof listTools> => listTools(services.settings);
  return {
    listTools: list,
    nearTools: (name) =>
      nearest(
        name,
        list().map((tool) => tool.name),
        3,
      ).join(', '),
    pipeline: createPipeline(services, ongoing, report),
    end() {
      ongoing.abortAll();
      return endAll();
    },
  };
}
