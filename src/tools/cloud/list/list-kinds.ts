/** What list_cloud_objects walks through for each kind, and how its finds become rows. */
import type { Connection, Job, JobState, Organization, Page, Paged, Workspace } from '../../../cloud/index.ts';
import type { Call } from '../../tool.ts';
import { withTypes } from '../actor-type.ts';
import { shortName } from '../bounds.ts';
import { chosenWorkspace, findConnection } from '../found-object.ts';
import { isActive } from '../jobs/job-answer.ts';
import { ignore } from '../masking.ts';
import { organizationState } from '../organization-state.ts';
import { lastJobsOf } from './last-jobs.ts';
import { type Asked, checkFit } from './list-arguments.ts';
import { actorRow, connectionRow, jobRow, type Names, type Row } from './list-rows.ts';
import { asPage, eachOf, type Walk, type Walked, walk } from './walk.ts';

/** A kind's list, its filter and its rows. */
interface Kinds<T> {
  list(page: Page): Promise<Paged<T>>;
  matches(items: readonly T[]): Promise<readonly boolean[]>;
  rows(found: readonly T[]): Promise<Row[]>;
  readonly workspace?: Workspace | undefined;
  readonly mostLooked: number;
}

export interface Listing {
  readonly workspace?: Workspace | undefined;
  /** @param onPage called before each page with how many were examined */
  find(
    how: Pick<Walk<unknown>, 'limit' | 'cursor' | 'filters'> & { onPage(looked: number): void },
  ): Promise<{ readonly walked: Walked<unknown>; readonly rows: readonly Row[] }>;
}

function listing<T>({ list, matches, rows, workspace, mostLooked }: Kinds<T>): Listing {
  return {
    workspace,
    async find({ onPage, ...how }) {
      const listed = (page: Page): Promise<Paged<T>> => {
        onPage(page.offset);
        return list(page);
      };
      const walked = await walk({ list: listed, matches, mostLooked, ...how });
      return { walked, rows: await rows(walked.found) };
    },
  };
}

const MAX_LOOKED = 1000;
const AT_ONCE = 4;
/** Whether one fails may cost a request of its own. */
const MAX_LOOKED_FOR_FAILING = 300;

/** @throws InputError `argument_of_other_kind`, `bad_status`; as the cloud */
export async function listingOf(asked: Asked, call: Call): Promise<Listing> {
  checkFit(asked);
  const { cloud } = call.services;
  const { kind } = asked;
  const { signal } = call;
  if (kind === 'workspace') {
    // The only one is the default too; where there are several, or the settings name a wrong one, there is none.
    const chosen = await cloud.workspaces.choose(undefined, signal).catch(ignore(signal));
    const isDefault = (id: string): boolean | undefined => id === chosen?.id || undefined;
    return plain(asked, {
      list: (page) => cloud.workspaces.list(page, signal),
      row: ({ id, name }) => ({ id, name: shortName(name), default: isDefault(id) }),
    });
  }
  if (kind === 'organization') {
    return listing<Organization>({
      list: async (page) => asPage(await cloud.organizations.list(signal), page),
      matches: async (items) => items.map((item) => isFound(item, asked.search)),
      rows: (found) =>
        eachOf(found, AT_ONCE, async ({ id, name }) => {
          const info = await cloud.organizations.info(id, signal).catch(ignore(signal));
          return { id, name: shortName(name), status: info && organizationState(info) };
        }),
      mostLooked: MAX_LOOKED,
    });
  }
  if (kind === 'job') return jobs(asked, call);
  const workspace = await chosenWorkspace(asked.workspace_id, call.services, signal);
  if (kind === 'connection') return connections(asked, call, workspace);
  if (kind === 'definition') {
    return plain(asked, {
      list: async (page) => asPage(await cloud.definitions.list(workspace.id, signal), page),
      row: ({ id, name, version }) => ({ id, name: shortName(name), version }),
      workspace,
    });
  }
  return plain(asked, {
    async list(page) {
      const { items, ...rest } = await cloud.actors.list(kind, workspace.id, page, signal);
      return { ...rest, items: await withTypes(items, call.services, signal) };
    },
    row: actorRow,
    workspace,
  });
}

interface Searchable {
  readonly name: string;
  readonly type?: string;
}

function plain<T extends Searchable>(
  { search }: Asked,
  {
    list,
    row,
    workspace,
  }: { list(page: Page): Promise<Paged<T>>; row(item: T): Row; workspace?: Workspace | undefined },
): Listing {
  return listing<T>({
    list,
    matches: async (items) => items.map((item) => isFound(item, search)),
    rows: async (found) => found.map(row),
    workspace,
    mostLooked: MAX_LOOKED,
  });
}

function connections(asked: Asked, { services, signal }: Call, workspace: Workspace): Listing {
  const { cloud } = services;
  const lastJobs = lastJobsOf(cloud, workspace.id, signal);
  // What still runs, or is tried again, has not failed yet; what came before it may have.
  const lastEnded = lastJobsOf(cloud, workspace.id, signal, (job) => !isActive(job));
  return listing<Connection>({
    list: (page) => cloud.connections.list(workspace.id, page, signal),
    async matches(items) {
      const fit = items.map(
        (item) => isFound(item, asked.search) && (asked.status === undefined || item.status === asked.status),
      );
      if (!asked.failing_only) return fit;
      const last = await lastEnded(items.filter((_, index) => fit[index]));
      return items.map(
        ({ id }, index) => fit[index] === true && /^(failed|cancelled)$/.test(last.get(id)?.state ?? ''),
      );
    },
    async rows(found) {
      if (found.length === 0) return [];
      const [last, sources, destinations] = await Promise.all([
        lastJobs(found),
        namesOf((page) => cloud.actors.list('source', workspace.id, page, signal)),
        namesOf((page) => cloud.actors.list('destination', workspace.id, page, signal)),
      ]);
      const names = new Map([...sources, ...destinations]);
      return found.map((item) => connectionRow(item, names, last.get(item.id)));
    },
    workspace,
    mostLooked: asked.failing_only ? MAX_LOOKED_FOR_FAILING : MAX_LOOKED,
  });
}

async function jobs(asked: Asked, { services, signal }: Call): Promise<Listing> {
  const { cloud } = services;
  const { connection_id: id, workspace_id: requested } = asked;
  const connection =
    id === undefined ? undefined : await findConnection({ id, workspaceId: requested }, services, signal);
  const workspace = await chosenWorkspace(connection?.workspaceId ?? requested, services, signal);
  const filter = connection ? { connectionId: connection.id } : { workspaceId: workspace.id };
  return listing<Job>({
    list: (page) => {
      const { job_type: type, oldest_first: oldestFirst } = asked;
      return cloud.jobs.list(
        { ...filter, state: asked.status as JobState | undefined, type, oldestFirst },
        page,
        signal,
      );
    },
    matches: async (items) => items.map(() => true),
    async rows(found) {
      const names = connection
        ? new Map([[connection.id, shortName(connection.name)]])
        : await namesOf((page) => cloud.connections.list(workspace.id, page, signal));
      return found.map((item) => jobRow(item, names));
    },
    workspace,
    mostLooked: MAX_LOOKED,
  });
}

/** Only for the first hundred: a request per name would cost too much. */
async function namesOf(
  list: (page: Page) => Promise<Paged<{ readonly id: string; readonly name: string }>>,
): Promise<Names> {
  const { items } = await list({ offset: 0, limit: 100 });
  return new Map(items.map(({ id, name }) => [id, shortName(name)]));
}

function isFound({ name, type = '' }: Searchable, search: string | undefined): boolean {
  if (search === undefined) return true;
  const part = search.trim().toLowerCase();
  return name.toLowerCase().includes(part) || type.toLowerCase().includes(part);
}
