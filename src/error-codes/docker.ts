/** Error codes about the Docker engine, images and mounts. */
import type { ErrorTopic } from './types.ts';

export const DOCKER_ERRORS = [
  {
    title: 'Docker',
    entries: [
      {
        codes: ['docker_certificates_unreadable'],
        kinds: ['setup'],
        meaning: 'the certificates for the engine cannot be read',
        next: 'put them there, or set `DOCKER_CERT_PATH`',
      },
      {
        codes: ['docker_context_unusable', 'docker_host_invalid', 'docker_host_unknown'],
        kinds: ['setup'],
        meaning: 'the context or `DOCKER_HOST` does not lead to an engine',
        next: 'correct it, and restart the server',
      },
      {
        codes: ['docker_host_ssh'],
        kinds: ['setup'],
        meaning: 'the engine is reached over ssh, which Sluice does not support',
        next: 'forward its socket, and set `DOCKER_HOST` to it',
      },
      {
        codes: ['docker_engine_failed', 'docker_engine_lost'],
        kinds: ['setup'],
        meaning: 'the engine failed or went away during the work',
        next: 'read its message, check that it runs, and call again',
      },
      {
        codes: ['docker_not_an_engine'],
        kinds: ['setup'],
        meaning: 'what answers there is not a Docker engine',
        next: 'correct the address',
      },
      {
        codes: ['docker_not_installed', 'docker_not_running', 'docker_no_answer'],
        kinds: ['setup'],
        meaning: 'there is no engine that answers',
        next: 'install or start Docker, and call again',
      },
      {
        codes: ['docker_permission'],
        kinds: ['setup'],
        meaning: 'this user may not use the engine',
        next: '`sudo usermod -aG docker "$USER"` and log in again, or use rootless Docker',
      },
      {
        codes: ['docker_too_old'],
        kinds: ['setup'],
        meaning: 'the engine is older than 20.10',
        next: 'update it',
      },
      {
        codes: ['docker_windows_containers'],
        kinds: ['setup'],
        meaning: 'the engine runs Windows containers',
        next: 'switch to Linux containers',
      },
      {
        codes: ['image_denied'],
        kinds: ['setup'],
        meaning: 'the image registry does not have the image, or requires a login',
        next: 'check the version, or run `docker login && docker pull IMAGE`',
      },
      {
        codes: ['no_such_tag'],
        kinds: ['input'],
        meaning: 'the image registry does not have the image, or requires a login',
        next: 'check the version, or run `docker login && docker pull IMAGE`',
      },
      {
        codes: ['image_for_other_machine'],
        kinds: ['setup'],
        meaning: 'the image is built for another processor',
        next: 'take another version or runtime, or pull it for emulation',
      },
      {
        codes: ['image_not_here'],
        kinds: ['setup'],
        meaning: 'offline mode is on, and the image is not on this machine',
        next: 'pull it where there is a network',
      },
      {
        codes: ['image_user_unknown'],
        kinds: ['setup'],
        meaning: 'the image names a user that it does not contain',
        next: 'take another version',
      },
      {
        codes: ['mount_missing'],
        kinds: ['setup'],
        meaning: 'a folder in `SLUICE_DOCKER_MOUNTS` does not exist where the engine runs',
        next: 'create it, or remove it from the setting',
      },
      {
        codes: ['mount_protected'],
        kinds: ['setup'],
        meaning: "a folder in `SLUICE_DOCKER_MOUNTS` would show the env file or Sluice's own folders",
        next: 'name a folder for the data alone',
      },
      {
        codes: ['pull_failed', 'registry_unreachable', 'registry_rate_limit'],
        kinds: ['upstream'],
        meaning: 'the image could not be pulled',
        next: "check the engine's network and proxy; after too many pulls wait, or run `docker login`",
      },
    ],
  },
] as const satisfies readonly ErrorTopic[];
