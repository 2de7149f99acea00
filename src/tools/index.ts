/** The single list of all tools, in the order in which clients see them. */

import { checkCloudConnector } from './cloud/check-cloud-connector.ts';
import { checkCloudWorkspace } from './cloud/check-cloud-workspace.ts';
import { createCloudObject } from './cloud/create/create-cloud-object.ts';
import { deleteCloudObject } from './cloud/delete/delete-cloud-object.ts';
import { describeCloudObject } from './cloud/describe/describe-cloud-object.ts';
import { cancelCloudJob } from './cloud/jobs/cancel-cloud-job.ts';
import { getCloudJob } from './cloud/jobs/get-cloud-job.ts';
import { runCloudSync } from './cloud/jobs/run-cloud-sync.ts';
import { listCloudObjects } from './cloud/list/list-cloud-objects.ts';
import { updateCloudObject } from './cloud/update/update-cloud-object.ts';
import { cancelSync } from './local/cancel-sync.ts';
import { describeData } from './local/describe-data.ts';
import { exportData } from './local/export-data.ts';
import { getConnectorInfo } from './local/get-connector-info.ts';
import { getStatus } from './local/get-status.ts';
import { getSync } from './local/get-sync.ts';
import { listConnectors } from './local/list-connectors.ts';
import { listSecrets } from './local/list-secrets.ts';
import { listSources } from './local/list-sources.ts';
import { listStreams } from './local/list-streams.ts';
import { previewStream } from './local/preview-stream.ts';
import { query } from './local/query.ts';
import { removeTool } from './local/remove.ts';
import { saveDestination, saveSource } from './local/saving.ts';
import { smokeTestDestination } from './local/smoke-test-destination.ts';
import { startSync } from './local/start-sync.ts';
import { validateConfig } from './local/validate-config.ts';
import type { AnyTool } from './tool.ts';

export { beginSync } from './begin-sync.ts';
export { withRedactedMessage } from './cloud/refusal-messages.ts';
export { collectStatus } from './local/collect-status.ts';
export type { Status } from './local/status-output.ts';
export { missingText, sandboxText } from './local/status-text.ts';
export { planRemoval, REMOVABLE, remove } from './removal.ts';
export type { App, Services } from './services.ts';
export {
  type Answer,
  type AnyTool,
  type Call,
  type Plan,
  type PlanContext,
  possibleEffects,
  shownEffect,
  type Tool,
} from './tool.ts';

export const tools: readonly AnyTool[] = [
  getStatus,
  listConnectors,
  getConnectorInfo,
  listSecrets,
  validateConfig,
  saveSource,
  saveDestination,
  smokeTestDestination,
  listSources,
  listStreams,
  previewStream,
  startSync,
  getSync,
  cancelSync,
  describeData,
  query,
  exportData,
  removeTool,
  checkCloudWorkspace,
  listCloudObjects,
  describeCloudObject,
  checkCloudConnector,
  createCloudObject,
  updateCloudObject,
  deleteCloudObject,
  runCloudSync,
  getCloudJob,
  cancelCloudJob,
];
