import type { RuntimeConfig } from '../../image/types.ts';
import type { Identity } from '../../rootfs/identity.ts';
import { seccompProfile } from './seccomp.ts';

/** Docker's default set. Source: https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities */
const CAPABILITIES = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/**
 * Added for root's tracer alone, which could not look into processes that change their user without it; what it starts
 * gives this up first (`ToolkitPaths.unprivileged`). A plain user's processes cannot change theirs.
 */
const TRACER_CAPABILITIES = [...CAPABILITIES, 'CAP_SYS_PTRACE'];

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

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
  const namespaces = ['pid', 'ipc', 'uts', 'mount', 'cgroup', ...(options.network === 'none' ? ['network'] : [])];
  return {
    ociVersion: '1.0.2',
    process: processSpec(options),
    root: { path: options.rootDirectory, readonly: false },
    hostname: HOSTNAME,
    mounts: [...systemMounts(options.network), ...options.mounts],
    linux: {
      cgroupsPath: options.cgroupsPath,
      namespaces: namespaces.map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      seccomp: seccompProfile(),
    },
  };
}

/** The `process` of a container, or of one more process executed in it. */
export function processSpec(options: Pick<RuntimeSpecOptions, 'config' | 'command' | 'env' | 'identity'>): object {
  const { config, identity } = options;
  // Programs of a plain user start without capabilities, and can only gain from the bounding set.
  const isRoot = identity.uid === 0;
  const effective = isRoot ? TRACER_CAPABILITIES : [];
  return {
    terminal: false,
    user: { uid: identity.uid, gid: identity.gid, additionalGids: identity.additionalGids },
    args: options.command,
    env: environment(config.Env ?? [], options.env, identity.home),
    cwd: config.WorkingDir || '/',
    capabilities: {
      bounding: isRoot ? TRACER_CAPABILITIES : CAPABILITIES,
      effective,
      permitted: effective,
      inheritable: [],
      ambient: [],
    },
    noNewPrivileges: false,
  };
}

/** Later entries win; the defaults are those Docker adds. */
function environment(image: readonly string[], extra: readonly string[], home: string): string[] {
  const byName = new Map<string, string>();
  for (const entry of [DEFAULT_PATH, `HOSTNAME=${HOSTNAME}`, `HOME=${home}`, ...image, ...extra]) {
    byName.set(entry.split('=', 1)[0] ?? '', entry);
  }
  return [...byName.values()];
}

function systemMounts(network: 'none' | 'host'): Mount[] {
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
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...quiet, 'mode=1777', 'size=65536k'] },
  ];
}
