import * as z from 'zod';
import { InputError } from '../../../errors.ts';
import { defineTool } from '../../tool.ts';
import { workspaceId } from '../fields.ts';
import { describeActor } from './describe-actor.ts';
import { describeConnection } from './describe-connection.ts';
import { describeDefinition } from './describe-definition.ts';
import { describeWorkspace } from './describe-workspace.ts';
import { DESCRIBED, description, descriptionText, INCLUDES, type Include } from './description.ts';

type Kind = (typeof DESCRIBED)[number];

const FITS: Record<Include, Kind> = {
  state: 'connection',
  catalog: 'connection',
  manifest: 'definition',
  draft_manifest: 'definition',
  testing_values: 'definition',
  billing: 'workspace',
};

export const describeCloudObject = defineTool({
  name: 'describe_cloud_object',
  title: 'Describe an object in Airbyte Cloud',
  description:
    'Show configuration without secrets, what uses it, schedule, streams, last job. include: state, catalog of a connection; manifests and testing_values of a definition; billing of a workspace.',
  input: z.strictObject({
    kind: z.enum(DESCRIBED),
    id: z.string(),
    include: z.array(z.enum(INCLUDES)).default([]),
    to_file: z.boolean().optional().describe('state, catalog in full'),
    workspace_id: workspaceId,
  }),
  output: description,
  realm: 'cloud',
  effect: 'read',
  async run({ kind, id, include, to_file: toFile = false, workspace_id: requested }, call) {
    const misfit = include.find((part) => FITS[part] !== kind);
    if (misfit) throw includeMisfits(misfit, kind);
    if (toFile && !include.some((part) => part === 'state' || part === 'catalog')) throw nothingToWrite();
    const question = { id, include: new Set(include), workspaceId: requested, toFile };
    const report = await DESCRIBE[kind](question, call);
    const data = { kind, ...report.data, notes: report.notes };
    return { text: descriptionText(data, report.parts), data };
  },
});

const DESCRIBE: Record<Kind, typeof describeConnection> = {
  workspace: describeWorkspace,
  source: (question, call) => describeActor('source', question, call),
  destination: (question, call) => describeActor('destination', question, call),
  connection: describeConnection,
  definition: describeDefinition,
};

function includeMisfits(misfit: Include, kind: Kind): InputError {
  const fitting = INCLUDES.filter((part) => FITS[part] === kind);
  return new InputError(
    'include_of_other_kind',
    `include "${misfit}" is for kind ${FITS[misfit]}, not for kind ${kind}.`,
    fitting.length > 0
      ? `With kind ${kind} there is: ${fitting.join(', ')}.`
      : `Kind ${kind} has nothing to include: leave include out.`,
  );
}

function nothingToWrite(): InputError {
  return new InputError(
    'argument_does_not_fit',
    'to_file is for the state and the catalog of a connection.',
    'Give include with state, catalog or both; or leave to_file out.',
  );
}
