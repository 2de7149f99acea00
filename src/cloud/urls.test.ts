import { expect, test } from 'vitest';
import { openCloud } from '../test/harness/cloud-client.ts';

test.each([
  [undefined, undefined, 'https://cloud.airbyte.com'],
  ['https://airbyte.example.com/api/public/v1', undefined, 'https://airbyte.example.com'],
  ['https://example.com/data/airbyte/api/public/v1', undefined, 'https://example.com/data/airbyte'],
  // Reached from inside: the pages are where a person reaches the public API.
  ['https://airbyte.example.com/api/public/v1', 'http://127.0.0.1:8001/api/v1', 'https://airbyte.example.com'],
  ['https://api.example.com/v1', 'https://airbyte.example.com/api/v1', 'https://airbyte.example.com'],
  ['https://api.example.com/v1', undefined, 'https://api.example.com'],
])('public API at %s, configuration API at %s: pages at %s', (api, config, web) => {
  const { cloud } = openCloud({
    AIRBYTE_CLOUD_BEARER_TOKEN: 'a-token-of-a-person-81',
    ...(api === undefined ? {} : { AIRBYTE_CLOUD_API_URL: api }),
    ...(config === undefined ? {} : { AIRBYTE_CLOUD_CONFIG_API_URL: config }),
  });
  expect(cloud.addresses().web).toBe(web);
});
