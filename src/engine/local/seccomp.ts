/**
 * System calls a container may not make, beyond what missing capabilities already forbid. The same ones that Docker's
 * default profile withholds from a container without added capabilities.
 * Source: https://docs.docker.com/engine/security/seccomp/
 */
const DENIED = [
  'acct',
  'add_key',
  'bpf',
  'clock_adjtime',
  'clock_settime',
  'create_module',
  'delete_module',
  'finit_module',
  'fsconfig',
  'fsmount',
  'fsopen',
  'fspick',
  'get_kernel_syms',
  'get_mempolicy',
  'init_module',
  'io_uring_enter',
  'io_uring_register',
  'io_uring_setup',
  'ioperm',
  'iopl',
  'kcmp',
  'kexec_file_load',
  'kexec_load',
  'keyctl',
  'lookup_dcookie',
  'mbind',
  'mount',
  'mount_setattr',
  'move_mount',
  'move_pages',
  'nfsservctl',
  'open_by_handle_at',
  'open_tree',
  'perf_event_open',
  'pivot_root',
  'query_module',
  'quotactl',
  'quotactl_fd',
  'reboot',
  'request_key',
  'set_mempolicy',
  'setns',
  'settimeofday',
  'stime',
  'swapoff',
  'swapon',
  '_sysctl',
  'sysfs',
  'umount',
  'umount2',
  'unshare',
  'uselib',
  'userfaultfd',
  'ustat',
  'vm86',
  'vm86old',
];

const EPERM = 1;
const ENOSYS = 38;
const AF_VSOCK = 40;

/** clone(2) flags that make namespaces: mount, cgroup, uts, ipc, user, pid, net. */
const NAMESPACE_FLAGS = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];

const NAMESPACE_RULES: readonly object[] = [
  // Its flags are behind a pointer and cannot be filtered; libraries fall back to clone on this answer.
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  ...NAMESPACE_FLAGS.map((flag) => ({
    names: ['clone'],
    action: 'SCMP_ACT_ERRNO',
    errnoRet: EPERM,
    args: [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }],
  })),
];

const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** What an added capability allows again, as in Docker's profile. */
const ALLOWED_BY: Readonly<Record<string, readonly string[]>> = {
  BPF: ['bpf'],
  DAC_READ_SEARCH: ['open_by_handle_at'],
  PERFMON: ['perf_event_open'],
  SYS_ADMIN:
    'bpf clone3 fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setns umount umount2 unshare'.split(
      ' ',
    ),
  SYS_BOOT: ['reboot'],
  SYS_MODULE: ['create_module', 'delete_module', 'finit_module', 'init_module'],
  SYS_NICE: ['get_mempolicy', 'mbind', 'move_pages', 'set_mempolicy'],
  SYS_PACCT: ['acct'],
  SYS_PTRACE: ['kcmp'],
  SYS_RAWIO: ['ioperm', 'iopl'],
  SYS_TIME: ['clock_adjtime', 'clock_settime', 'settimeofday', 'stime'],
};

/**
 * The `linux.seccomp` part of an OCI runtime configuration for this host's architecture. `granted` are the capabilities of
 * the application, without `CAP_`.
 */
export function seccompProfile(granted: ReadonlySet<string>): object {
  const allowed = new Set([...granted].flatMap((name) => ALLOWED_BY[name] ?? []));
  const makesNamespaces = allowed.has('unshare');
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    ...(ARCHITECTURES[process.arch] ? { architectures: ARCHITECTURES[process.arch] } : {}),
    syscalls: [
      { names: DENIED.filter((name) => !allowed.has(name)), action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      ...(makesNamespaces ? [] : NAMESPACE_RULES),
      {
        names: ['socket'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: EPERM,
        args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_EQ' }],
      },
    ],
  };
}
