export { isUuid } from './cloud.ts';
export { envFileStamp, readEnvFile, writtenEnvFile } from './env-file.ts';
export type { EnvFileContents } from './env-values.ts';
export { homeDirectory } from './home.ts';
export {
  type Arguments,
  childEnvironment,
  demoEnvironment,
  dockerEnvironment,
  installerEnvironment,
  type Loaded,
  loadSettings,
} from './load.ts';
export { isSettingName } from './names.ts';
export { isWritten, type ProjectFolder } from './own-files.ts';
export type {
  CloudSettings,
  DockerSettings,
  Mode,
  Modes,
  Origin,
  PathSetting,
  Realm,
  SandboxSetting,
  Settings,
} from './settings.ts';
