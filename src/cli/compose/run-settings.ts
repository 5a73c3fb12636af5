import { resolve } from 'node:path';
import type { Healthcheck } from '../../image/types.ts';
import type { ContainerSettings, MountSettings, RunSettings } from '../../settings.ts';
import { parseTmpfs, parseVolume } from '../mount-settings.ts';
import { parseWords } from '../shell-words.ts';
import { invalid, parseNamed, parseSize } from '../values.ts';
import type { ComposeService } from './service.ts';

/** What a service's settings are read with. */
export interface ServiceContext {
  readonly name: string;
  /** Where relative paths start. */
  readonly directory: string;
  /** `NAME=value` of the service, files included. */
  readonly env: readonly string[];
  /** The network of the run. */
  readonly network: string;
  /** The name at the daemon of a volume that the file declares. */
  volumeName(declared: string): string;
}

/** How a service is run, in our own words. No port of it is published. Errors: USAGE_INVALID. */
export function runSettingsOf(service: ComposeService, context: ServiceContext): RunSettings {
  const { stop_grace_period: grace } = service;
  return {
    config: configOf(service, context),
    env: context.env,
    container: containerOf(service, context),
    ...(grace === undefined ? {} : { stopTimeoutMs: nanoseconds(grace, context) / 1e6 }),
  };
}

function configOf(service: ComposeService, context: ServiceContext): RunSettings['config'] {
  const { entrypoint, command, user, working_dir: workingDir, healthcheck } = service;
  const words = (value: string | string[], key: string) =>
    typeof value === 'string' ? parseWords(keyOf(key, context), value) : value;
  const ports = [...(service.expose ?? []), ...(service.ports ?? []).map(({ value }) => value)].flatMap(exposedPorts);
  return {
    // As with docker run, an entrypoint without a command drops the image's command.
    ...(entrypoint == null ? {} : { Entrypoint: words(entrypoint, 'entrypoint'), Cmd: null }),
    ...(command == null ? {} : { Cmd: words(command, 'command') }),
    ...(user === undefined ? {} : { User: user }),
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    ...(ports.length === 0 ? {} : { ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])) }),
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheckOf(healthcheck, context) }),
  };
}

/** The container's side of `[[address:]host:]port[-last][/protocol]`. */
function exposedPorts(text: string): string[] {
  const [, first = '', last = first, protocol = 'tcp'] = /(?:^|:)(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text) ?? [];
  const count = Math.min(Number(last) - Number(first) + 1, MAX_PORTS);
  return first === '' ? [] : Array.from({ length: count }, (_, at) => `${Number(first) + at}/${protocol}`);
}

const MAX_PORTS = 100;

function healthcheckOf(check: NonNullable<ComposeService['healthcheck']>, context: ServiceContext): Healthcheck {
  const { disable, test, interval, timeout, start_period: start, retries } = check;
  if (disable) return { Test: ['NONE'] };
  return {
    ...(test === undefined ? {} : { Test: typeof test === 'string' ? ['CMD-SHELL', test] : test }),
    ...(interval === undefined ? {} : { Interval: nanoseconds(interval, context) }),
    ...(timeout === undefined ? {} : { Timeout: nanoseconds(timeout, context) }),
    ...(start === undefined ? {} : { StartPeriod: nanoseconds(start, context) }),
    ...(retries === undefined ? {} : { Retries: retries }),
  };
}

const UNIT_NS: Readonly<Record<string, number>> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

/** `1m30s`, as Go writes durations. */
function nanoseconds(text: string, context: ServiceContext): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g)];
  if (parts.map(([part]) => part).join('') !== text || text === '') {
    throw invalid(`a duration of the service ${context.name}`, text, 'give a time such as 30s or 1m30s');
  }
  return parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * (UNIT_NS[unit] ?? 0), 0);
}

function containerOf(service: ComposeService, context: ServiceContext): ContainerSettings {
  const { name, network } = context;
  const { hostname, runtime, shm_size: shmSize, container_name: containerName } = service;
  const aliases = [
    name,
    ...(containerName ? [containerName] : []),
    ...(service.networks ?? []).flatMap((one) => one.aliases),
  ];
  return {
    network,
    aliases: [...new Set(aliases)],
    hosts: (service.extra_hosts ?? []).map((text) => text.replace('=', ':')),
    dns: service.dns ?? [],
    dnsSearch: service.dns_search ?? [],
    links: [],
    labels: parseNamed(keyOf('labels', context), service.labels ?? []),
    capAdd: service.cap_add ?? [],
    mounts: [
      ...(service.volumes ?? []).map((volume) => mountOf(volume, context)),
      ...(service.tmpfs ?? []).map((text) => parseTmpfs(keyOf('tmpfs', context), text)),
    ],
    publish: [],
    sysctls: parseNamed(keyOf('sysctls', context), service.sysctls ?? []),
    tty: service.tty ?? false,
    stdin: service.stdin_open ?? false,
    ...(hostname === undefined ? {} : { hostname }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(shmSize === undefined ? {} : { shmSizeBytes: parseSize(keyOf('shm_size', context), shmSize) }),
  };
}

type ComposeVolume = NonNullable<ComposeService['volumes']>[number];

function mountOf(volume: ComposeVolume, context: ServiceContext): MountSettings {
  if (typeof volume === 'string') {
    const mount = parseVolume(
      keyOf('volumes', context),
      volume.replace(/^\.{1,2}(?=[/:])/, (dots) => resolve(context.directory, dots)),
    );
    return mount.type === 'volume' && mount.source !== ''
      ? { ...mount, source: context.volumeName(mount.source) }
      : mount;
  }
  const { type, source, target, read_only: readOnly, tmpfs } = volume;
  if (type === 'tmpfs') {
    return {
      type,
      target,
      ...(tmpfs?.size === undefined ? {} : { sizeBytes: parseSize(keyOf('tmpfs', context), tmpfs.size) }),
      ...(tmpfs?.mode === undefined ? {} : { mode: tmpfs.mode }),
    };
  }
  if (type === 'bind') return { type, source: resolve(context.directory, source), target, readOnly };
  return { type, source: source === '' ? '' : context.volumeName(source), target, readOnly };
}

function keyOf(key: string, { name }: ServiceContext): string {
  return `${key} of the service ${name}`;
}
