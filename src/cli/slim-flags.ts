import type { OptionGroup, OptionRow } from './option-rows.ts';

/** An option of SlimToolkit that has no counterpart here. */
interface SlimFlag {
  readonly name: string;
  readonly kind: 'on' | 'value';
  /** `ignored`: the result is right without it. `refused`: the result would not be what was asked for. */
  readonly effect: 'ignored' | 'refused';
  /** Completes "--name is ignored: …" or "--name is not supported: …". */
  readonly because: string;
}

const LOGS = 'use -v for details and --progress for how they are shown';
const READINESS = 'requests are sent as soon as the port is open; see --ready-timeout';
const IMAGE_BYTES = 'owners, modes and times are always those of the image';
const ALWAYS = 'this is always done';
const TRACER = 'the tracer is chosen here';
const NO_DAEMON = 'no daemon is used';
const BY_HAND = 'name the folders with --include-path';

/** Flags as SlimToolkit and mint spell them. Source: their `pkg/app/master/command/cliflags.go` and `build/flags.go`. */
const SLIM_FLAGS: readonly SlimFlag[] = [
  ...ignored('on', LOGS, ['debug', 'show-clogs', 'show-plogs', 'show-blogs', 'check-version']),
  ...ignored('value', LOGS, ['log', 'log-level', 'log-format']),
  ...ignored('value', 'use --json', ['output-format']),
  ...ignored('on', READINESS, ['http-probe-retry-off', 'http-probe-full']),
  ...ignored('value', READINESS, ['http-probe-start-wait', 'http-probe-retry-count', 'http-probe-retry-wait']),
  ...ignored('value', 'limits are set by --http-probe-client-timeout', [
    'http-probe-client-timeout-crawl',
    'http-probe-concurrency',
    'http-crawl-concurrency',
    'http-max-concurrent-crawlers',
  ]),
  ...ignored('on', 'every probe is compared on both images; see --allow-failing-probes', [
    'http-probe-exit-on-failure',
    'http-probe-fail-on-status-5xx',
    'http-probe-fail-on-status-4xx',
  ]),
  ...ignored('value', 'every probe counts; see --allow-failing-probes', ['http-probe-exit-on-failure-count']),
  ...ignored('on', IMAGE_BYTES, ['keep-perms', 'run-target-as-user']),
  ...ignored('value', IMAGE_BYTES, ['path-perms', 'path-perms-file']),
  ...ignored('on', ALWAYS, ['include-healthcheck', 'include-cert-all', 'include-oslibs-net', 'include-distro-info']),
  ...ignored('on', 'files made while running never get into the slim image', [
    'include-new',
    'exclude-mounts',
    'exclude-varlock-files',
    'keep-tmp-artifacts',
  ]),
  ...ignored('on', TRACER, ['rta-source-ptrace', 'rta-onbuild-base-image', 'enable-mondel', 'use-local-mounts']),
  ...ignored('value', TRACER, ['sensor-ipc-mode', 'sensor-ipc-endpoint', 'use-sensor-volume']),
  ...ignored('on', NO_DAEMON, ['in-container', 'publish-exposed-ports', 'tls']),
  ...ignored('value', NO_DAEMON, [
    'image-build-engine',
    'image-build-arch',
    'crt-connection',
    'crt-context',
    'docker-config-path',
  ]),
  ...ignored('value', 'set TRACE_SLIM_HOME instead', ['state-path', 'archive-state']),
  ...ignored('value', 'the report holds it all; see --report', ['copy-meta-artifacts']),
  ...ignored('on', 'no such files are made', ['remove-file-artifacts']),
  ...refused('value', 'build the image first, save it, and name the archive', [
    'dockerfile',
    'dockerfile-context',
    'tag-fat',
  ]),
  ...refused('value', 'one image is run at a time', ['compose-file', 'target-compose-svc', 'target-kube-workload']),
  ...refused('value', 'nothing is run outside the container', ['host-exec', 'host-exec-file']),
  ...refused('value', 'name the requests with --http-probe-cmd-file', [
    'http-probe-apispec',
    'http-probe-apispec-file',
    'http-probe-cmd-upload',
  ]),
  ...refused('value', BY_HAND, ['include-dir-bins', 'include-last-image-layers', 'include-node-package']),
  ...refused('on', BY_HAND, ['include-workdir', 'include-zoneinfo', 'include-ssh-client', 'include-app-image-all']),
  ...refused('on', 'scanners must see the truth', ['obfuscate-metadata']),
];

/** These flags as options that no help shows. */
export const SLIM_OPTIONS: OptionGroup = {
  heading: 'SlimToolkit:',
  rows: SLIM_FLAGS.map(
    ({ name, kind, because }): OptionRow => ({
      name,
      kind: kind === 'value' ? 'list' : kind,
      text: because,
      rare: true,
    }),
  ),
};

/** The flags among those given, by the names commander stores them under. A refused one that is switched off is fine. */
export function slimFlagsIn(options: Readonly<Record<string, unknown>>): SlimFlag[] {
  return SLIM_FLAGS.filter(({ name, effect }) => {
    const value = options[camelCase(name)];
    return value !== undefined && (effect === 'ignored' || value !== false);
  });
}

function ignored(kind: SlimFlag['kind'], because: string, names: readonly string[]): SlimFlag[] {
  return names.map((name) => ({ name, kind, effect: 'ignored', because }));
}

function refused(kind: SlimFlag['kind'], because: string, names: readonly string[]): SlimFlag[] {
  return names.map((name) => ({ name, kind, effect: 'refused', because }));
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
