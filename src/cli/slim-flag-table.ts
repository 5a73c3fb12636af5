/** A flag of SlimToolkit's `build` (`slim`) command, or one of its global flags. */
export interface SlimFlag {
  readonly name: string;
  readonly kind: 'on' | 'value';
  /**
   * `honoured`: an option of ours has this name. `ignored`: the result is right without it. `refused`: the result would not
   * be what was asked for.
   */
  readonly effect: 'honoured' | 'ignored' | 'refused';
  /** Completes "--name is ignored: …", or says what to use instead of a refused one. */
  readonly because: string;
}

/** Flags under one heading of the document. */
export interface SlimTheme {
  readonly heading: string;
  readonly flags: readonly SlimFlag[];
}

const LOGS = 'use -v for details and --progress for how they are shown';
const RETRIES = 'requests are sent once the port is open; see --ready-timeout';
const CRAWLING = 'one page after the other is visited, each within --http-probe-client-timeout';
const JUDGED = 'every probe has to succeed and is compared on both images; see --allow-failing-probes';
const PRISTINE = 'files always come from the image as it was pulled, not from the container that ran';
const ALWAYS = 'this is always done';
const TRACER = 'the tracer is chosen and brought along here';
const DAEMON = 'it is found as the docker client finds it; see --host and --context';
const CREDENTIALS = 'use docker login: its credentials are read';
const NO_HOOKS = 'let the service depend on it with the condition service_completed_successfully';
const NO_CLUSTER = 'name the image of the workload';

/** Every flag. Source: slimtoolkit/slim and mintoolkit/mint, pkg/app/master/command: cliflags.go, build/flags.go. */
export const SLIM_THEMES: readonly SlimTheme[] = [
  {
    heading: 'Before the command',
    flags: [
      ...honoured(['report', 'verbose', 'quiet', 'no-color', 'host', 'tls-verify', 'tls-cert-path']),
      ...ignored('on', 'no network is asked for new versions', ['check-version']),
      ...ignored('on', LOGS, ['debug']),
      ...ignored('value', LOGS, ['log', 'log-level', 'log-format']),
      ...ignored('value', 'text is printed anyway; json is understood as --json', ['output-format']),
      ...ignored('on', 'it follows from the address in --host', ['tls']),
      ...ignored('value', DAEMON, ['crt-connection', 'crt-context', 'crt-api-version', 'runtime']),
      ...ignored('value', 'set TRACE_SLIM_HOME instead', ['state-path', 'archive-state']),
      ...ignored('on', 'whether this is a container is seen', ['in-container']),
    ],
  },
  {
    heading: 'The image',
    flags: [
      ...honoured(['target', 'pull', 'command-params-file']),
      ...ignored('value', 'set DOCKER_CONFIG instead', ['docker-config-path']),
      ...refused('value', CREDENTIALS, ['registry-account', 'registry-secret']),
      ...ignored('on', LOGS, ['show-plogs']),
    ],
  },
  {
    heading: 'Keep',
    flags: [
      ...honoured(['include-path', 'include-path-file', 'include-bin', 'include-bin-file', 'include-exe']),
      ...honoured(['include-exe-file', 'include-dir-bins', 'include-shell', 'include-workdir', 'include-zoneinfo']),
      ...honoured(['include-ssh-client', 'include-distro-info', 'include-cert-all', 'include-cert-bundles-only']),
      ...honoured(['include-cert-dirs', 'include-cert-pk-all', 'include-cert-pk-dirs', 'include-node-package']),
      ...honoured(
        ['dir', 'build-dir', 'dist-dir', 'static-dir', 'nodemodules-dir'].map((at) => `include-app-next-${at}`),
      ),
      ...honoured(
        ['dir', 'build-dir', 'dist-dir', 'static-dir', 'nodemodules-dir'].map((at) => `include-app-nuxt-${at}`),
      ),
      ...honoured(['include-last-image-layers', 'include-app-image-all', 'app-image-start-instruction']),
      ...refused('value', 'name the instruction with --app-image-start-instruction', [
        'app-image-start-instruction-group',
        'app-image-dockerfile',
      ]),
      ...honoured(['include-paths-creport-file']),
      ...ignored('on', ALWAYS, ['include-healthcheck', 'include-oslibs-net']),
      ...ignored('on', 'files made while running never get into the slim image', ['include-new']),
      ...honoured(['preserve-path', 'preserve-path-file', 'path-perms', 'path-perms-file']),
      ...ignored('on', 'owners, modes and times are always those of the image', ['keep-perms']),
    ],
  },
  {
    heading: 'Drop',
    flags: [
      ...honoured(['exclude-pattern']),
      ...ignored('on', PRISTINE, ['exclude-varlock-files', 'exclude-mounts']),
      ...ignored('on', 'no such files are made', ['keep-tmp-artifacts']),
    ],
  },
  {
    heading: 'Probe over HTTP',
    flags: [
      ...honoured(['http-probe', 'http-probe-off', 'http-probe-cmd', 'http-probe-cmd-file', 'http-probe-ports']),
      ...honoured(['http-probe-client-timeout', 'http-probe-crawl', 'http-crawl-max-depth']),
      ...honoured(['http-crawl-max-page-count', 'http-probe-start-wait']),
      ...refused('value', 'describe the upload in --http-probe-cmd-file with body_is_form and body_file', [
        'http-probe-cmd-upload',
      ]),
      ...ignored('on', 'all ports are probed, and all probes run', ['http-probe-full']),
      ...ignored('on', RETRIES, ['http-probe-retry-off']),
      ...ignored('value', RETRIES, ['http-probe-retry-count', 'http-probe-retry-wait']),
      ...ignored('value', CRAWLING, [
        'http-probe-concurrency',
        'http-probe-client-timeout-crawl',
        'http-crawl-concurrency',
        'http-max-concurrent-crawlers',
      ]),
      ...honoured(['http-probe-apispec', 'http-probe-apispec-file']),
      ...ignored('on', JUDGED, [
        'http-probe-exit-on-failure',
        'http-probe-fail-on-status-5xx',
        'http-probe-fail-on-status-4xx',
      ]),
      ...ignored('value', JUDGED, ['http-probe-exit-on-failure-count']),
      ...ignored('value', 'SlimToolkit does not use it either', ['http-probe-proxy-endpoint', 'http-probe-proxy-port']),
    ],
  },
  {
    heading: 'Run commands, and go on',
    flags: [...honoured(['exec', 'exec-file', 'host-exec', 'host-exec-file', 'continue-after'])],
  },
  {
    heading: 'Run the image',
    flags: [
      ...honoured(['cmd', 'entrypoint', 'env', 'env-file', 'user', 'workdir', 'hostname', 'expose', 'publish-port']),
      ...honoured(['mount', 'volume', 'label', 'link', 'network', 'etc-hosts-map', 'container-dns']),
      ...honoured(['container-dns-search', 'cro-runtime', 'cro-sysctl', 'cro-shm-size']),
      ...refused('value', 'use the options of its own: --cap-add, --shm-size, --mount, --network and the like', [
        'cro-host-config-file',
      ]),
      ...ignored('on', 'probes need no published port; see --publish-port', ['publish-exposed-ports']),
      ...ignored('on', "the image's user is always the one that runs it; see --user", ['run-target-as-user']),
      ...ignored('on', 'the end of the log is shown when something fails', ['show-clogs']),
    ],
  },
  {
    heading: 'Watch it',
    flags: [
      ...ignored('on', TRACER, ['rta-source-ptrace', 'rta-onbuild-base-image', 'enable-mondel', 'use-local-mounts']),
      ...ignored('value', TRACER, ['use-sensor-volume', 'sensor-ipc-mode', 'sensor-ipc-endpoint']),
    ],
  },
  {
    heading: 'The result',
    flags: [
      ...honoured(['tag', 'image-overrides', 'new-entrypoint', 'new-cmd', 'new-expose', 'new-workdir', 'new-env']),
      ...honoured(['new-volume', 'new-label', 'remove-expose', 'remove-env', 'remove-label', 'remove-volume']),
      ...ignored('value', 'the image is put together here', ['image-build-engine']),
      ...ignored('value', 'it is that of the image', ['image-build-arch']),
      ...ignored('on', 'the image is put together here', ['show-blogs']),
      ...ignored('value', 'the report holds it all; see --report', ['copy-meta-artifacts']),
      ...ignored('on', 'no such files are made', ['remove-file-artifacts']),
      ...refused('on', 'scanners must see the truth', ['obfuscate-metadata', 'obfuscate-app-package-names']),
    ],
  },
  {
    heading: 'Build the fat image',
    flags: [
      ...honoured(['dockerfile', 'dockerfile-context', 'tag-fat', 'cbo-add-host', 'cbo-build-arg', 'cbo-cache-from']),
      ...honoured(['cbo-label', 'cbo-target', 'cbo-network', 'delete-generated-fat-image']),
    ],
  },
  {
    heading: 'Services it depends on',
    flags: [
      ...honoured(['compose-file', 'target-compose-svc', 'target-compose-svc-image', 'dep-include-compose-svc']),
      ...honoured(['dep-exclude-compose-svc', 'dep-include-compose-svc-deps', 'dep-exclude-compose-svc-all']),
      ...honoured(['dep-include-target-compose-svc-deps', 'compose-env-file', 'compose-env-nohost']),
      ...honoured(['compose-project-name', 'compose-workdir']),
      ...ignored('value', 'it is awaited that each service is healthy, or its ports are open', [
        'compose-svc-start-wait',
      ]),
      ...ignored('value', 'all services are in one network of the run; see --network', ['compose-net']),
      ...ignored('on', 'no port is published; see --publish-port', ['target-compose-svc-no-ports']),
      ...refused('value', 'use --host-exec or --exec', ['container-probe-compose-svc']),
      ...refused('value', NO_HOOKS, ['prestart-compose-svc', 'poststart-compose-svc']),
      ...refused('on', NO_HOOKS, ['prestart-compose-wait-exit']),
      ...refused('value', NO_CLUSTER, ['target-kube-workload', 'target-kube-workload-namespace']),
      ...refused('value', NO_CLUSTER, ['target-kube-workload-container', 'target-kube-workload-image']),
      ...refused('value', NO_CLUSTER, ['kube-manifest-file', 'kube-kubeconfig-file']),
    ],
  },
];

function honoured(names: readonly string[]): SlimFlag[] {
  return names.map((name) => ({ name, kind: 'value', effect: 'honoured', because: '' }));
}

function ignored(kind: SlimFlag['kind'], because: string, names: readonly string[]): SlimFlag[] {
  return names.map((name) => ({ name, kind, effect: 'ignored', because }));
}

function refused(kind: SlimFlag['kind'], because: string, names: readonly string[]): SlimFlag[] {
  return names.map((name) => ({ name, kind, effect: 'refused', because }));
}
