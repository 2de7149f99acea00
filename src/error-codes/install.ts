/** Error codes about finding and installing a connector. */
import type { ErrorTopic } from './types.ts';

export const INSTALL_ERRORS = [
  {
    title: 'Find and install a connector',
    entries: [
      {
        codes: ['bad_answer', 'too_large'],
        kinds: ['upstream'],
        meaning: 'a host answered with something unexpected, perhaps a login page or a proxy',
        next: 'open the address in a browser',
      },
      {
        codes: ['bad_components', 'no_components'],
        kinds: ['input'],
        meaning: 'the Python code of a manifest is missing or unusable',
        next: 'put `components.py` next to the manifest, or take another version',
      },
      {
        codes: ['bad_connector_name', 'bad_version'],
        kinds: ['input'],
        meaning: 'the name or the version has a wrong form',
        next: 'write it as the registry does',
      },
      {
        codes: ['bad_local_registry'],
        kinds: ['setup'],
        meaning: '`AIRBYTE_LOCAL_REGISTRY` cannot be used',
        next: 'set it to an https address or an absolute path',
      },
      {
        codes: ['bad_manifest', 'manifest_unreadable'],
        kinds: ['input'],
        meaning: 'the manifest is not valid or cannot be read',
        next: 'correct what the message says',
      },
      {
        codes: ['cdk_not_installed'],
        kinds: ['setup'],
        meaning: "Airbyte's CDK is not installed and cannot be fetched",
        next: 'allow the network, or set `PIP_INDEX_URL`',
      },
      {
        codes: ['components_not_allowed'],
        kinds: ['refused'],
        meaning: 'the manifest needs code from its own folder',
        next: 'add the folder to `SLUICE_ALLOW_EXECUTABLES`',
      },
      {
        codes: ['components_unverified'],
        kinds: ['setup'],
        meaning: 'the checksum of published code is missing or wrong; it does not run',
        next: 'take another version or runtime',
      },
      {
        codes: ['executables_not_allowed', 'executable_outside'],
        kinds: ['refused'],
        meaning: 'the program is not in an allowed folder',
        next: 'set `SLUICE_ALLOW_EXECUTABLES` to its folder',
      },
      {
        codes: ['install_build_failed'],
        kinds: ['connector'],
        meaning: 'a part had to be compiled, and that failed',
        next: 'take another version, or install what the output names',
      },
      {
        codes: ['install_conflict'],
        kinds: ['connector'],
        meaning: 'the dependencies of this version contradict each other or this Python',
        next: 'take another version; where it can, the error names one that installs',
      },
      {
        codes: ['install_failed', 'install_incomplete', 'install_other_version'],
        kinds: ['connector'],
        meaning: 'the installer failed, or installed something else',
        next: 'read the end of its output, or take another version',
      },
      {
        codes: ['install_timeout'],
        kinds: ['limit'],
        meaning: 'the installation took too long',
        next: 'check the network and call again',
      },
      {
        codes: ['manifest_outside'],
        kinds: ['refused'],
        meaning: 'the manifest is not in an allowed folder',
        next: 'add its folder to `SLUICE_CONFIG_DIRS`',
      },
      {
        codes: ['manifest_too_new'],
        kinds: ['input'],
        meaning: 'the manifest needs a newer CDK than the newest one',
        next: 'correct its version, or take an older connector',
      },
      {
        codes: ['no_runtime'],
        kinds: ['setup'],
        meaning: 'the connector cannot run on this machine',
        next: 'install what the error names, or take another connector',
      },
      {
        codes: ['no_such_program', 'not_a_program', 'not_an_absolute_path'],
        kinds: ['input'],
        meaning: 'the program of the `executable` runtime is missing or cannot run',
        next: 'give the absolute path of an executable file',
      },
      {
        codes: ['not_executable'],
        kinds: ['setup'],
        meaning: 'the program of the `executable` runtime is missing or cannot run',
        next: 'give the absolute path of an executable file',
      },
      {
        codes: ['not_found'],
        kinds: ['input'],
        meaning: 'there is nothing at this address',
        next: 'check name and version',
      },
      {
        codes: ['not_a_python_connector', 'not_an_image', 'runtime_does_not_fit'],
        kinds: ['input'],
        meaning: 'the connector does not have this runtime',
        next: 'leave `runtime` out',
      },
      {
        codes: ['offline', 'offline_not_installed'],
        kinds: ['setup'],
        meaning: 'offline mode is on, and something is not on this machine',
        next: 'set `AIRBYTE_OFFLINE_MODE=0` once',
      },
      {
        codes: ['other_kind'],
        kinds: ['input'],
        meaning: 'a source was given for a destination, or the reverse',
        next: 'use the other tool or kind',
      },
      {
        codes: ['package_index_failed', 'package_index_unreachable'],
        kinds: ['upstream'],
        meaning: 'the Python package index does not answer properly',
        next: 'check network, proxy and certificates, or set `PIP_INDEX_URL`',
      },
      {
        codes: ['program_not_startable'],
        kinds: ['setup'],
        meaning: 'a program could not be started',
        next: 'correct what the message says, or install the connector again',
      },
      {
        codes: ['python_missing', 'python_too_new', 'venv_missing'],
        kinds: ['setup'],
        meaning: 'no Python on this machine suits the connector',
        next: 'install what the error names',
      },
      {
        codes: ['registry_unavailable'],
        kinds: ['upstream'],
        meaning: 'the registry cannot be fetched and no copy is stored',
        next: 'check the network, or set `AIRBYTE_LOCAL_REGISTRY` to a registry file',
      },
      {
        codes: ['unknown_connector', 'unknown_package', 'unknown_version', 'version_needed'],
        kinds: ['input'],
        meaning: 'the registry or the index does not have it, or cannot list it',
        next: 'use a name or version that the error lists',
      },
      {
        codes: ['timeout', 'unreachable'],
        kinds: ['upstream'],
        meaning: 'a host did not answer',
        next: "check the network and the proxy; for a company's certificate set `NODE_EXTRA_CA_CERTS` and `SSL_CERT_FILE`",
      },
      {
        codes: ['version_of_executable', 'version_of_manifest'],
        kinds: ['input'],
        meaning: 'your own programs and manifests have no versions',
        next: 'leave `version` out',
      },
    ],
  },
] as const satisfies readonly ErrorTopic[];
