export { isUuid } from './cloud.ts';
export { envFileStamp, readEnvFile } from './env-file.ts';
export type { EnvFileContents } from './env-values.ts';
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
export type { CloudSettings, DockerSettings, Mode, Modes, Origin, PathSetting, Realm, Settings } from './settings.ts';
