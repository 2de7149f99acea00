import type { OrganizationInfo } from '../../../cloud/index.ts';
import { SluiceError } from '../../../errors.ts';
import type { Call } from '../../tool.ts';
import { isoDate, shortName } from '../bounds.ts';
import { checkWorkspace, webAddress } from '../fields.ts';
import { workspaceIdOf } from '../found-object.ts';
import type { Description } from './description.ts';
import { newReport, type ObjectReport, type Question } from './object-report.ts';

export async function describeWorkspace(
  { id: requested, include, workspaceId: within }: Question,
  call: Call,
): Promise<ObjectReport> {
  const { services, signal, about } = call;
  const { cloud } = services;
  const id = (await workspaceIdOf(requested, services, signal, 'id')) ?? requested;
  const workspaceId = await workspaceIdOf(within, services, signal);
  const workspace = await cloud.workspaces.get(id, signal);
  about({ kind: 'workspace', id: workspace.id, name: workspace.name });
  checkWorkspace(workspaceId, { workspaceId: workspace.id }, 'What is asked for');
  const notes: string[] = [];
  // A self-managed Airbyte may have no organizations, or not offer that API.
  const organization = await cloud.workspaces.organization(workspace.id, signal).catch((error: unknown) => {
    if (signal.aborted || !(error instanceof SluiceError)) throw error;
    notes.push(`the organization is unknown: ${error.message}`);
    return undefined;
  });
  const report = newReport({
    id: workspace.id,
    name: shortName(workspace.name),
    web_address: webAddress(cloud.addresses(), workspace.id, 'workspace'),
    data_residency: workspace.dataResidency,
    organization: organization && { id: organization.id, name: shortName(organization.name) },
    billing: include.has('billing') ? billingOf(organization?.billing) : undefined,
  });
  report.notes.push(...notes);
  if (include.has('billing') && !report.data.billing) report.notes.push('billing: Airbyte tells nothing of it');
  return report;
}

function billingOf(billing: OrganizationInfo['billing']): Description['billing'] {
  if (!billing) return undefined;
  const { paymentStatus, subscriptionStatus, accountType, gracePeriodEndsAt: ends } = billing;
  return {
    payment_status: paymentStatus,
    subscription_status: subscriptionStatus,
    account_type: accountType,
    grace_period_ends_at: isoDate(ends),
  };
}
