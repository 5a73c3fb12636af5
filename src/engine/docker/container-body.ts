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
  /** A tracer of root's will run in it, which needs to look into processes that change their user. */
  readonly hasTracer: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Brings the toolkit in and the logs out. */
  readonly mounts: readonly ApiMount[];
}

/**
 * What a daemon is asked to create: the image's container with the tracer in front, and nothing added to what the
 * application may do. Source: https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerCreate
 */
export function containerBody(options: BodyOptions): ContainerCreateOptions {
  const { spec, image, toolkit, hasTracer, labels, mounts } = options;
  const { config, settings, env = [] } = spec;
  return {
    Image: image,
    Entrypoint: [...spec.command(toolkit)],
    Cmd: [],
    Env: [...(config.Env ?? []), ...env],
    User: config.User ?? '',
    WorkingDir: config.WorkingDir || '/',
    // It is run as a probe.
    Healthcheck: { Test: ['NONE'] },
    Volumes: { ...config.Volumes },
    ...(config.StopSignal ? { StopSignal: config.StopSignal } : {}),
    ...surroundings({
      settings,
      labels,
      mounts,
      exposedPorts: config.ExposedPorts,
      // What a daemon executes in a container, root's tracer too, is allowed what the container is.
      capAdd: hasTracer ? ['SYS_PTRACE'] : [],
      // What the application prints comes over the attached stream.
      host: { LogConfig: { Type: 'none', Config: {} } },
    }),
  };
}

/** What is put around an application, in the daemon's words. */
export function surroundings(options: {
  readonly settings: ContainerSettings;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts?: readonly ApiMount[];
  readonly exposedPorts?: Record<string, object> | undefined;
  readonly capAdd?: readonly string[];
  readonly host?: HostConfig;
}): ContainerCreateOptions {
  const { settings, labels, mounts = [], capAdd = [], host = {} } = options;
  return {
    Labels: { ...settings.labels, ...labels },
    Tty: settings.tty,
    OpenStdin: settings.stdin,
    ...hostnameOf(settings),
    ...portsOf(options.exposedPorts, settings),
    ...namesOf(settings),
    HostConfig: { ...hostConfig(settings, mounts, capAdd), ...host },
  };
}

function hostConfig(settings: ContainerSettings, mounts: readonly ApiMount[], capAdd: readonly string[]): HostConfig {
  const { network, shmSizeBytes, runtime } = settings;
  const tmpfs = settings.mounts.filter((mount) => mount.type === 'tmpfs');
  return {
    Mounts: [...mounts, ...settings.mounts.flatMap(mountOf)],
    Tmpfs: Object.fromEntries(tmpfs.map((mount) => [mount.target, tmpfsOptions(mount)])),
    CapAdd: [...new Set([...capAdd, ...settings.capAdd.map(capability)])],
    ExtraHosts: [...settings.hosts],
    Dns: [...settings.dns],
    DnsSearch: [...settings.dnsSearch],
    Links: [...settings.links],
    Sysctls: settings.sysctls,
    PortBindings: bindingsOf(settings.publish),
    ...(network === undefined ? {} : { NetworkMode: network }),
    ...(shmSizeBytes === undefined ? {} : { ShmSize: shmSizeBytes }),
    ...(runtime === undefined ? {} : { Runtime: runtime }),
  };
}

function namesOf({ network, aliases = [] }: ContainerSettings): Pick<ContainerCreateOptions, 'NetworkingConfig'> {
  if (network === undefined || aliases.length === 0) return {};
  return { NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [...aliases] } } } };
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
