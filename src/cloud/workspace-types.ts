/** Workspaces and organizations, in the client's terms. */

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly dataResidency?: string | undefined;
}

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly email?: string | undefined;
}

/** What members of an organization may see of it. */
export interface OrganizationInfo {
  readonly id: string;
  readonly name: string;
  readonly billing?:
    | {
        readonly paymentStatus?: string | undefined;
        readonly subscriptionStatus?: string | undefined;
        readonly accountType?: string | undefined;
        /** Milliseconds since 1970. */
        readonly gracePeriodEndsAt?: number | undefined;
      }
    | undefined;
}
