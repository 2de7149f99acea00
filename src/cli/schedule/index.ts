/** `sluice-mcp schedule`: syncs that run without an assistant, by the scheduler of the system. */
import { join } from 'node:path';
import { askTool } from '../../connectors/index.ts';
import { InputError, SetupError } from '../../errors.ts';
import { nearest } from '../../protocol/index.ts';
import type { Services } from '../../tools/index.ts';
import type { Typed } from '../arguments.ts';
import { confirmed } from '../confirm.ts';
import { createOutput, hasProject, MISTAKE, type Output, tellError } from '../output.ts';
import { crontab } from './crontab.ts';
import { type AskTool, type Job, jobId, type Noted, type Plan, type Scheduler, syncCommand } from './job.ts';
import { launchd } from './launchd.ts';
import { systemd } from './systemd.ts';
import { parseWhen, whenText } from './when.ts';

/** @returns the exit status */
export async function runSchedule(services: Services, typed: Typed): Promise<number> {
  const output = createOutput(services, typed.json);
  if (!hasProject(services, output)) return MISTAKE;
  const [word = 'list', name] = typed.words;
  try {
    const schedulers = [systemd, launchd, crontab].map((make) => make(askHere));
    if (word === 'list' && name === undefined) return await list(schedulers, output);
    if (word === 'remove') return await remove(schedulers, services, name, typed, output);
    if (name !== undefined)
      throw new InputError(
        'bad_schedule',
        `"schedule" takes one name, not "${word} ${name}".`,
        'Write sluice-mcp schedule NAME --every 1h.',
      );
    return await add(schedulers, services, word, typed, output);
  } catch (error) {
    return tellError(error, output);
  }
}

/** These programs need to find the user's session. */
const askHere: AskTool = (program, args) => {
  const names = [
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'XDG_RUNTIME_DIR',
    'XDG_CONFIG_HOME',
    'DBUS_SESSION_BUS_ADDRESS',
    'TMPDIR',
  ];
  const environment = Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])),
  );
  return askTool(program, args, { ...environment, LC_ALL: 'C' });
};

interface Found extends Noted {
  readonly scheduler: Scheduler;
}

/** All jobs of all available schedulers, of any project. */
async function jobsIn(schedulers: readonly Scheduler[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const scheduler of schedulers)
    if (await scheduler.isAvailable())
      found.push(...(await scheduler.list()).map((noted) => ({ ...noted, scheduler })));
  return found;
}

async function list(schedulers: readonly Scheduler[], output: Output): Promise<number> {
  const jobs = await jobsIn(schedulers);
  output.json(jobs.map(({ scheduler, ...noted }) => ({ ...noted, scheduler: scheduler.name })));
  for (const { source, project, when, scheduler } of jobs)
    output.say(`${source}: ${whenText(when)}, by ${scheduler.name} (${project})`);
  if (jobs.length === 0) output.say('Nothing is scheduled. sluice-mcp schedule NAME --every 1h does it.');
  return 0;
}

async function add(
  schedulers: readonly Scheduler[],
  services: Services,
  name: string,
  typed: Typed,
  output: Output,
): Promise<number> {
  const { settings, project, sources } = services;
  const when = parseWhen(typed.every, typed.cron);
  const { name: source } = await sources.get(name);
  const root = project.root ?? '';
  const command = syncCommand(source, root, settings.envFile.path, settings.version);
  const log = join(await project.folder('logs'), `schedule-${source}.log`);
  const job: Job = { id: jobId(source, root), source, project: root, when, command, log };
  const unquotable = [...command, log].find((part) => /[\n\r]/.test(part));
  if (unquotable !== undefined)
    throw new InputError(
      'bad_schedule',
      'A path with a line break cannot be scheduled.',
      'Move the project to a folder without one.',
    );
  const chosen = await choose(schedulers, typed.with, job);
  const before = (await jobsIn(schedulers)).filter(({ id, scheduler }) => id === job.id && scheduler !== chosen);
  const plans = [...(await Promise.all(before.map((old) => old.scheduler.planRemoval(old)))), await chosen.plan(job)];
  const what = `${source} ${whenText(when)}, by ${chosen.name}`;
  if (!(await approved(plans, typed, output, `Schedule ${what}?`))) return MISTAKE;
  for (const plan of plans) await plan.carryOut();
  output.json({ type: 'scheduled', exit_status: 0, source, when, scheduler: chosen.name });
  output.say(`Scheduled: ${what}. Its settings come from the env file. Undo: sluice-mcp schedule remove ${source}`);
  if (chosen.note !== undefined) output.say(chosen.note);
  return 0;
}

async function remove(
  schedulers: readonly Scheduler[],
  { project }: Services,
  name: string | undefined,
  typed: Typed,
  output: Output,
): Promise<number> {
  const own = (await jobsIn(schedulers)).filter((job) => job.project === project.root);
  const found = own.filter(({ source }) => source === name);
  if (name === undefined || found.length === 0) {
    const near = nearest(
      name ?? '',
      own.map(({ source }) => source),
      3,
    );
    throw new InputError(
      'not_scheduled',
      name === undefined
        ? '"schedule remove" needs the name of a source.'
        : `"${name}" is not scheduled in this project.`,
      near.length > 0
        ? `Scheduled here: ${near.join(', ')}.`
        : 'Nothing is scheduled here; sluice-mcp schedule list shows other projects too.',
    );
  }
  const plans = await Promise.all(found.map((job) => job.scheduler.planRemoval(job)));
  if (!(await approved(plans, typed, output, `Remove the schedule of ${name}?`))) return MISTAKE;
  for (const plan of plans) await plan.carryOut();
  output.json({ type: 'unscheduled', exit_status: 0, source: name });
  output.say(`${name} is not scheduled any more.`);
  return 0;
}

/** The named one, else the first that works here. @throws InputError, SetupError with the line to use elsewhere */
async function choose(schedulers: readonly Scheduler[], named: string | undefined, job: Job): Promise<Scheduler> {
  const candidates = named === undefined ? schedulers : schedulers.filter(({ name }) => name === named);
  if (candidates.length === 0)
    throw new InputError(
      'bad_schedule',
      `There is no scheduler "${named}".`,
      `Use one of: ${schedulers.map(({ name }) => name).join(', ')}.`,
    );
  for (const scheduler of candidates) if (await scheduler.isAvailable()) return scheduler;
  throw new SetupError(
    'no_scheduler',
    `${candidates.map(({ name }) => name).join(', ')}: none works for this user here.`,
    `Install cron (Debian: apt install cron), or let another scheduler run, ${whenText(job.when)}: ${job.command.join(' ')}`,
  );
}

/** Shows the change and asks for confirmation. */
async function approved(plans: readonly Plan[], { yes }: Typed, output: Output, question: string): Promise<boolean> {
  for (const step of plans.flatMap(({ steps }) => steps)) process.stderr.write(`${output.clean(step)}\n`);
  if (yes || (await confirmed(output.clean(question)))) return true;
  const message = 'Nothing was changed.';
  const next = process.stdin.isTTY ? 'Answer y to do it.' : 'There is no terminal to ask on: add --yes.';
  output.json({ type: 'error', exit_status: MISTAKE, error: { kind: 'input', code: 'not_confirmed', message, next } });
  output.complain(`${message} ${next}`);
  return false;
}
