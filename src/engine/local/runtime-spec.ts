import type { RuntimeConfig } from '../../image/types.ts';
import type { Identity } from '../../rootfs/identity.ts';
import type { ContainerSettings } from '../../settings.ts';
import { grantedCapabilities, TRACER_CAPABILITY } from './capabilities.ts';
import { seccompProfile } from './seccomp.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** As Docker's. */
const SHM_SIZE_BYTES = 64 << 20;

/** Terminals are as wide as programs take them for when they cannot tell. */
export const TERMINAL_SIZE = { height: 24, width: 80 };

/** The same in every container, so that nothing an application prints of it differs between two runs. */
export const HOSTNAME = 'container';

const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** One entry of `mounts` in an OCI runtime configuration. */
export interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface RuntimeSpecOptions {
  readonly config: RuntimeConfig;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly identity: Identity;
  /** Folder on this host that is the container's root file system. */
  readonly rootDirectory: string;
  readonly settings: Pick<ContainerSettings, 'hostname' | 'capAdd' | 'labels' | 'sysctls' | 'shmSizeBytes' | 'tty'>;
  /** Mounts besides the system's own, in order. */
  readonly mounts: readonly Mount[];
  readonly network: 'none' | 'host';
  readonly cgroupsPath: string;
}

/**
 * An OCI runtime configuration that confines a container as Docker does by default.
 * Source: https://github.com/opencontainers/runtime-spec/blob/main/config.md
 */
export function runtimeSpec(options: RuntimeSpecOptions): object {
  const { settings } = options;
  const namespaces = ['pid', 'ipc', 'uts', 'mount', 'cgroup', ...(options.network === 'none' ? ['network'] : [])];
  return {
    ociVersion: '1.0.2',
    process: { ...processSpec(options), ...(settings.tty ? { terminal: true, consoleSize: TERMINAL_SIZE } : {}) },
    root: { path: options.rootDirectory, readonly: false },
    hostname: settings.hostname ?? HOSTNAME,
    mounts: [...systemMounts(options), ...options.mounts],
    annotations: settings.labels,
    linux: {
      cgroupsPath: options.cgroupsPath,
      sysctl: settings.sysctls,
      namespaces: namespaces.map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      seccomp: seccompProfile(grantedCapabilities(settings.capAdd)),
    },
  };
}

/** The `process` of a container, or of one more process executed in it. */
export function processSpec(
  options: Pick<RuntimeSpecOptions, 'config' | 'command' | 'env' | 'identity' | 'settings'>,
): object {
  const { config, identity, settings } = options;
  const { bounding, effective } = capabilitiesOf(options);
  return {
    terminal: false,
    user: { uid: identity.uid, gid: identity.gid, additionalGids: identity.additionalGids },
    args: options.command,
    env: environment(
      [`HOSTNAME=${settings.hostname ?? HOSTNAME}`, `HOME=${identity.home}`],
      config.Env ?? [],
      options.env,
    ),
    cwd: config.WorkingDir || '/',
    capabilities: { bounding, effective, permitted: effective, inheritable: [], ambient: [] },
    noNewPrivileges: false,
  };
}

/**
 * Programs of a plain user start without capabilities, and can only gain from the bounding set; they cannot change their
 * user either. Root's tracer alone is given more, which what it starts gives up first (`ToolkitPaths.unprivileged`).
 */
function capabilitiesOf({ identity, settings }: Pick<RuntimeSpecOptions, 'identity' | 'settings'>) {
  const granted = grantedCapabilities(settings.capAdd);
  if (identity.uid === 0) granted.add(TRACER_CAPABILITY);
  const bounding = [...granted].map((name) => `CAP_${name}`);
  return { bounding, effective: identity.uid === 0 ? bounding : [] };
}

/** Later entries win; the defaults are those Docker adds. */
function environment(...sources: readonly (readonly string[])[]): string[] {
  const byName = new Map<string, string>();
  for (const entry of [DEFAULT_PATH, ...sources.flat()]) {
    byName.set(entry.split('=', 1)[0] ?? '', entry);
  }
  return [...byName.values()];
}

function systemMounts({ network, settings }: Pick<RuntimeSpecOptions, 'network' | 'settings'>): Mount[] {
  const shmSizeBytes = settings.shmSizeBytes ?? SHM_SIZE_BYTES;
  const quiet = ['nosuid', 'noexec', 'nodev'];
  // A new sysfs shows the network of its mounter, which a container on the host's network does not own.
  const sysfs: Mount =
    network === 'none'
      ? { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, 'ro'] }
      : { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', ...quiet, 'ro'] };
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: quiet },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    sysfs,
    ...(network === 'none'
      ? [{ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...quiet, 'relatime', 'ro'] }]
      : []),
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...quiet, 'mode=1777', `size=${shmSizeBytes}`] },
  ];
}
