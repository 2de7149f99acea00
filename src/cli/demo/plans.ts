/** The two sources the demo can walk with, and the questions asked of their data. */
export interface DemoSource {
  readonly name: string;
  /** What to look for in the registry; absent for a connector that is in none. */
  readonly search?: string;
  /** Arguments of validate_config and save_source. */
  readonly subject: Readonly<Record<string, unknown>>;
  readonly streams: readonly string[];
  readonly preview: string;
  readonly question: string;
  /** Two columns: a label and a number. */
  readonly sql: string;
}

export const faker: DemoSource = {
  name: 'demo_faker',
  search: 'faker',
  subject: {
    connector: 'source-faker',
    config: { count: 2000, seed: 1, records_per_slice: 500, parallelism: 1, always_updated: false },
  },
  streams: ['users', 'products', 'purchases'],
  preview: 'products',
  question: 'Which makes were bought most often?',
  sql: `SELECT p.make, count(*) AS bought
FROM demo_faker.purchases AS b JOIN demo_faker.products AS p ON p.id = b.product_id
GROUP BY ALL ORDER BY bought DESC, p.make LIMIT 8`,
};

/** @param program absolute path of the Node connector that comes with Sluice */
export function meadow(program: string): DemoSource {
  return {
    name: 'demo_meadow',
    subject: {
      connector: program,
      runtime: 'executable',
      config: { count: 2000, api_key: 'secret_reference::MEADOW_API_KEY' },
    },
    streams: ['users', 'orders'],
    preview: 'users',
    question: 'How many orders are there in each state?',
    sql: 'SELECT status, count(*) AS orders FROM demo_meadow.orders GROUP BY ALL ORDER BY orders DESC, status',
  };
}
