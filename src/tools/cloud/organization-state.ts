/** Whether an organization's workspaces may run anything. */
import type { OrganizationInfo } from '../../cloud/index.ts';

/** Such as `locked, subscribed`; undefined if Airbyte does not return it. */
export function organizationState({ billing }: OrganizationInfo): string | undefined {
  const { paymentStatus, subscriptionStatus } = billing ?? {};
  return [paymentStatus, subscriptionStatus].filter(Boolean).join(', ') || undefined;
}

/** Undefined if nothing prevents jobs. */
export function organizationWarning(info: OrganizationInfo): string | undefined {
  const { paymentStatus = '', subscriptionStatus } = info.billing ?? {};
  const stops = /^(locked|disabled)$/.test(paymentStatus) || subscriptionStatus === 'unsubscribed';
  if (!stops) return undefined;
  return `The organization is ${organizationState(info)}: its connections do not run. A person must settle that in Airbyte (billing).`;
}
