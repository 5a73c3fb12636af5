import type { MountSettings as ApiMount, ContainerCreateOptions, HostConfig } from 'dockerode';
import type { ContainerSettings, MountSettings } from '../../settings.ts';
import type { ContainerSpec, ToolkitPaths } from '../types.ts';

/** The same in every container, so that nothing an application prints of it differs between two runs. */
const HOSTNAME = 'container';

export interface BodyOptions {
  readonly spec: ContainerSpec;
  /** Image id. */
  readonly image: string;
  readonly toolkit: ToolkitPaths;
  /** The tracer needs to look into processes that change their user. */
  readonly isRoot: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Brings the toolkit in and the logs out. */
  readonly mounts: readonly ApiMount[];
}

/**
 * What a daemon is asked to create: the image's container with the tracer in front, and nothing added to what the
 * application may do. Source: https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerCreate
 */
export function containerBody(options: BodyOptions): ContainerCreateOptions {
  const { spec, image, toolkit, labels } = options;
  const { config, settings, env = [] } = spec;
  return {
    Image: image,
    Entrypoint: [...spec.command(toolkit)],
    Cmd: [],
    Env: [...(config.Env ?? []), ...env],
    User: config.User ?? '',
    WorkingDir: config.WorkingDir || '/',
    Labels: { ...settings.labels, ...labels },
    // It is run as a probe.
    Healthcheck: { Test: ['NONE'] },
    Volumes: { ...config.Volumes },
    Tty: settings.tty,
    OpenStdin: settings.stdin,
    ...(config.StopSignal ? { StopSignal: config.StopSignal } : {}),
    ...hostnameOf(settings),
    ...portsOf(config.ExposedPorts, settings),
    HostConfig: hostConfig(options),
  };
}

function hostConfig({ spec, isRoot, mounts }: BodyOptions): HostConfig {
  const { settings } = spec;
  const { network, shmSizeBytes, runtime } = settings;
  const tmpfs = settings.mounts.filter((mount) => mount.type === 'tmpfs');
  return {
    Mounts: [...mounts, ...settings.mounts.flatMap(mountOf)],
    Tmpfs: Object.fromEntries(tmpfs.map((mount) => [mount.target, tmpfsOptions(mount)])),
    // What a daemon executes in a container, root's tracer too, is allowed what the container is.
    CapAdd: [...new Set([...(isRoot || spec.hasTracer ? ['SYS_PTRACE'] : []), ...settings.capAdd.map(capability)])],
    ExtraHosts: [...settings.hosts],
    Dns: [...settings.dns],
    DnsSearch: [...settings.dnsSearch],
    Links: [...settings.links],
    Sysctls: settings.sysctls,
    PortBindings: bindingsOf(settings.publish),
    // What the application prints comes over the attached stream.
    LogConfig: { Type: 'none', Config: {} },
    ...(network === undefined ? {} : { NetworkMode: network }),
    ...(shmSizeBytes === undefined ? {} : { ShmSize: shmSizeBytes }),
    ...(runtime === undefined ? {} : { Runtime: runtime }),
  };
}

function hostnameOf({ hostname, network }: ContainerSettings): { Hostname?: string } {
  if (hostname !== undefined) return { Hostname: hostname };
  return network === 'host' || network?.startsWith('container:') ? {} : { Hostname: HOSTNAME };
}

function mountOf(mount: MountSettings): ApiMount[] {
  if (mount.type === 'tmpfs') return [];
  return [{ Type: mount.type, Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly }];
}

function tmpfsOptions({ sizeBytes, mode }: Extract<MountSettings, { type: 'tmpfs' }>): string {
  const options = [
    ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
  ];
  return options.join(',');
}

function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}

function portsOf(exposed: Record<string, object> | undefined, { publish }: ContainerSettings) {
  const published = publish.map((text) => [parsePublish(text).containerPort, {}] as const);
  return { ExposedPorts: { ...exposed, ...Object.fromEntries(published) } };
}

function bindingsOf(publish: readonly string[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { address, hostPort, containerPort } of publish.map(parsePublish)) {
    bindings[containerPort] = [...(bindings[containerPort] ?? []), { HostIp: address, HostPort: hostPort }];
  }
  return bindings;
}

/** `[address:]hostPort:containerPort[/protocol]`. */
function parsePublish(text: string) {
  const [, address = '', hostPort = '', port = '', protocol = 'tcp'] =
    /^(?:(.+):)?(\d*):(\d+)(?:\/(\w+))?$/.exec(text) ?? [];
  return { address, hostPort, containerPort: `${port}/${protocol}` };
}
