/** The shape of get_status's answer. */
import * as z from 'zod';

export const mode = z.object({ on: z.boolean(), variable: z.string(), set_by: z.string() });
export const realmModes = z.object({ safe_mode: mode, read_only_mode: mode });

const touched = z.array(z.object({ realm: z.string(), kind: z.string(), id: z.string(), name: z.string().optional() }));
const callOutput = z.object({
  at: z.string(),
  tool: z.string(),
  outcome: z.string(),
  made: touched,
  changed: touched,
  deleted: touched,
});

export const statusOutput = z.object({
  version: z.string(),
  modes: z.object({ local: realmModes, cloud: realmModes }),
  project_directory: z.object({ path: z.string().optional(), set_by: z.string(), problem: z.string().optional() }),
  env_file: z.object({
    path: z.string().optional(),
    set_by: z.string(),
    found: z.boolean(),
    readable: z.boolean(),
    readable_by: z.string(),
    problem: z.string().optional(),
  }),
  runtimes: z.array(
    z.object({
      name: z.string(),
      found: z.boolean(),
      path: z.string().optional(),
      version: z.string().optional(),
      fix: z.string().optional(),
    }),
  ),
  sandbox: z.object({
    setting: z.string(),
    kind: z.string(),
    reason: z.string().optional(),
    fix: z.string().optional(),
    read_directories: z.array(z.string()),
    write_directories: z.array(z.string()),
  }),
  installed_connectors: z.array(
    z.object({
      name: z.string(),
      connector: z.string(),
      version: z.string(),
      runtime: z.string(),
      bytes: z.number(),
      note: z.string().optional(),
    }),
  ),
  hosts: z.array(z.object({ host: z.string(), reached: z.boolean(), at: z.string() })),
  cache: z.object({
    database: z.string(),
    path: z.string().optional(),
    url: z.string().optional(),
    problem: z.string().optional(),
  }),
  exports_path: z.string().optional(),
  cloud: z.object({
    configured: z.boolean(),
    contacted: z.boolean(),
    last_contact: z.object({ at: z.string(), answered: z.boolean() }).optional(),
    api_url: z.string().optional(),
    settings: z.array(z.string()),
  }),
  created_this_session: touched,
  history: z.array(callOutput).optional(),
  warnings: z.array(z.string()),
});
export type Status = z.infer<typeof statusOutput>;
