/** Secrets of every shape, and a configuration that passes all of them to the source that echoes its configuration. */
import type { Secrets } from './traces.ts';
import { ECHO_SOURCE } from './workplace.ts';

const KEY_LINES = [
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj',
  'MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu',
  'NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ',
];
const PEM = ['-----BEGIN PRIVATE KEY-----', ...KEY_LINES, '-----END PRIVATE KEY-----'].join('\n');
const ACCOUNT = JSON.stringify({
  type: 'service_account',
  private_key_id: '5c1f0e9b7a3d48e2b6f4',
  private_key: PEM.replace('MIIEvQ', 'MIIJkW').replace('cwggSj', 'cqwErT'),
  client_email: 'reader@meadow.iam.gserviceaccount.com',
});
const TOKEN = 'mdw_live_9fK2xQ7vB4nT8zR1wY6uJ3hL5cD0sG';
const URL = 'postgres://reader:Zq7-hidden-Vx9-meadow@db.example.org:5432/shop';
const PASSWORD = String.raw`p@ss/w+rd "quoted" ä\n|and; more% of 'it'`;

export const ENV_FILE = [
  `ECHO_TOKEN=${TOKEN}`,
  `ECHO_PEM_KEY='${PEM}'`,
  `ECHO_ACCOUNT_KEY='${ACCOUNT}'`,
  `ECHO_URL='${URL}'`,
  `ECHO_PASSWORD=\`${PASSWORD}\``,
  'ECHO_EIGHT_KEY=e1gH7x_Q',
  'ECHO_PIN_KEY=4815162342',
  'ECHO_SHORT_KEY=qX7zW',
  'ECHO_LIST_KEY=listed-4nd-hidden-77-Kw',
  'ECHO_OTHER_KEY=another-0ne-for-0neOf-5Tr',
  'ECHO_HOST=db.example.org',
  'ECHO_PORT=6543',
  '',
].join('\n');

/** Values that must not be shown anywhere. */
export const HIDDEN: Secrets = {
  TOKEN,
  PEM: KEY_LINES.join('\n'),
  ACCOUNT_ID: '5c1f0e9b7a3d48e2b6f4',
  ACCOUNT: KEY_LINES.join('\n').replace('MIIEvQ', 'MIIJkW').replace('cwggSj', 'cqwErT'),
  URL_PASSWORD: 'Zq7-hidden-Vx9-meadow',
  PASSWORD,
  EIGHT: 'e1gH7x_Q',
  PIN: '4815162342',
  LIST: 'listed-4nd-hidden-77-Kw',
  OTHER: 'another-0ne-for-0neOf-5Tr',
};

/** Values too short to be found inside words: matched only as separate words of a connector's output. */
export const SHORT: Secrets = { SHORT: 'qX7zW' };

export const ref = (name: string): string => `secret_reference::${name}`;

/** Refers to every secret, in arrays and in a branch too. */
export const CONFIG = {
  token: ref('ECHO_TOKEN'),
  pem: ref('ECHO_PEM_KEY'),
  account: ref('ECHO_ACCOUNT_KEY'),
  url: ref('ECHO_URL'),
  password: ref('ECHO_PASSWORD'),
  eight: ref('ECHO_EIGHT_KEY'),
  pin: ref('ECHO_PIN_KEY'),
  short: ref('ECHO_SHORT_KEY'),
  list: [ref('ECHO_LIST_KEY'), ref('ECHO_TOKEN')],
  auth: { kind: 'key', key: ref('ECHO_OTHER_KEY') },
  port: ref('ECHO_PORT'),
};

export function echoSource(more: object = {}): Record<string, unknown> {
  return { connector: ECHO_SOURCE, runtime: 'executable', config: { ...CONFIG, ...more } };
}
