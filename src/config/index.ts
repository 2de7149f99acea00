export type { EnvFileContents } from './env-values.ts';
export type { Mode, Modes, Origin, PathSetting, Realm, Settings } from './settings.ts';
