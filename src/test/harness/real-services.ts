/** Services as their vendors document them, for manifests of real connectors. */
import type { ServerResponse } from 'node:http';
import { listen } from './quarry.ts';

export interface Service {
  readonly origin: string;
  readonly requests: string[];
  close(): Promise<void>;
}

export interface Contact {
  readonly id: number;
  readonly email: string;
  readonly modifiedAt: string;
  readonly [field: string]: unknown;
}

const KEY_REFUSED = { code: 'unauthorized', message: 'Key not found' };

/** Brevo, once Sendinblue: `api-key` in a header, lists by `limit` and `offset`, contacts since a time. */
export async function startSendinblue(key: string, contacts: Contact[]): Promise<Service> {
  const campaigns = [1, 2, 3].map((id) => ({
    id,
    name: `campaign ${id}`,
    type: 'classic',
    status: 'sent',
    testSent: false,
    sender: { name: 'Ann', id: 7, email: 'ann@example.com' },
    statistics: { globalStats: { sent: 10 * id } },
    createdAt: '2026-01-01T10:00:00.000+00:00',
  }));
  const templates = [1, 2].map((id) => ({ id, name: `template ${id}`, isActive: true, htmlContent: '<p>ü</p>' }));
  return start((url, headers, response) => {
    if (headers['api-key'] !== key) return answer(response, KEY_REFUSED, 401);
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? 50);
    const cut = <T>(all: readonly T[]): T[] => all.slice(offset, offset + limit);
    if (url.pathname === '/v3/emailCampaigns') return answer(response, { campaigns: cut(campaigns), count: 3 });
    if (url.pathname === '/v3/smtp/templates') return answer(response, { templates: cut(templates), count: 2 });
    if (url.pathname === '/v3/contacts') {
      const since = Date.parse(url.searchParams.get('modifiedSince') ?? '');
      const changed = contacts.filter(({ modifiedAt }) => Date.parse(modifiedAt) >= since);
      return answer(response, { contacts: cut(changed), count: changed.length });
    }
    return answer(response, {}, 404);
  });
}

/** Vantage: a bearer token, and lists by `page` and `limit`. */
export async function startVantage(token: string): Promise<Service> {
  const counts: Record<string, number> = { providers: 4, services: 130, products: 201, reports: 0 };
  return start((url, headers, response) => {
    if (headers.authorization !== `Bearer ${token}`) return answer(response, { errors: ['Unauthorized'] }, 401);
    const name = url.pathname.split('/').at(-1) ?? '';
    const count = counts[name];
    if (count === undefined) return answer(response, {}, 404);
    const limit = Number(url.searchParams.get('limit') ?? 100);
    const asked = Number(url.searchParams.get('page') ?? 1);
    const start = Math.max(0, asked - 1) * limit;
    const length = Math.max(0, Math.min(limit, count - start));
    const things = Array.from({ length }, (_, at) => ({
      id: `${name}-${start + at + 1}`,
      name: `No. ${start + at + 1}`,
    }));
    return answer(response, { links: {}, [name]: things });
  });
}

/** The JSON API of PyPI: one object for a project, one for a release, one for statistics. */
export async function startPyPI(): Promise<Service> {
  const info = { name: 'sampleproject', version: '4.0.0', summary: 'A sample Python project', yanked: false };
  const project = {
    info,
    last_serial: 12_345_678_901,
    releases: { '4.0.0': [{ filename: 'sampleproject-4.0.0.tar.gz', size: 5_000 }] },
    urls: [{ filename: 'sampleproject-4.0.0.tar.gz', packagetype: 'sdist' }],
    vulnerabilities: [],
  };
  return start((url, _headers, response) => {
    if (url.pathname === '/pypi/sampleproject/json') return answer(response, project);
    if (url.pathname === '/pypi/sampleproject/4.0.0/json') return answer(response, { ...project, releases: undefined });
    if (url.pathname === '/stats')
      return answer(response, { top_packages: { tiny: { size: 9 } }, total_packages_size: 9 });
    return answer(response, { message: 'Not Found' }, 404);
  });
}

type Respond = (url: URL, headers: Record<string, string | string[] | undefined>, response: ServerResponse) => void;

async function start(respond: Respond): Promise<Service> {
  const requests: string[] = [];
  const server = await listen((request, response) => {
    requests.push(request.url ?? '');
    respond(new URL(request.url ?? '/', 'http://localhost'), request.headers, response);
  });
  return { ...server, requests };
}

function answer(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
