import type { Operation } from './trace.ts';

/** How a call uses one path. Numbers are argument positions, from 0. */
export interface PathUse {
  readonly operation: Operation | 'by-open-flags';
  /** Position of the path; absent when the descriptor itself is what is used. */
  readonly path?: number;
  /** Position of the descriptor that relative paths start at; absent: the working directory. */
  readonly dirfd?: number;
  /** Position of the `O_` or `AT_` flags. */
  readonly flags?: number;
  /** Whether a symbolic link in the last component is followed. Absent: unless the flags say otherwise. */
  readonly follow?: 'never' | 'if-asked';
  /** The path is in a socket address. */
  readonly isSocketAddress?: true;
  /** The argument is a path only if it is absolute: a mount source may be any word. */
  readonly onlyAbsolute?: true;
}

/** What a successful call changes for the process. */
export type Effect = 'execute' | 'chdir' | 'chroot' | 'getcwd' | 'fork' | 'user' | 'io_uring' | 'mount';

export interface SyscallRow {
  readonly uses: readonly PathUse[];
  readonly effect?: Effect;
  /** The result is a descriptor of what was opened. */
  readonly opens?: true;
}

type Options = Omit<PathUse, 'operation' | 'path'>;

const use = (operation: PathUse['operation'], path: number, options: Options = {}): PathUse => ({
  operation,
  path,
  ...options,
});
const row = (...uses: PathUse[]): SyscallRow => ({ uses });
const at = (operation: PathUse['operation'], dirfd: number, options: Options = {}): PathUse =>
  use(operation, dirfd + 1, { dirfd, ...options });

const NEVER = { follow: 'never' } as const;
const STAT = row(use('stat', 0));
const LSTAT = row(use('stat', 0, NEVER));
const XATTR = row(use('xattr', 0));
const LXATTR = row(use('xattr', 0, NEVER));
const CHANGE = row(use('change', 0));
const MOUNT: SyscallRow = { uses: [], effect: 'mount' };
const USER: SyscallRow = { uses: [], effect: 'user' };
const FORK: SyscallRow = { uses: [], effect: 'fork' };
const RENAME_AT = row(at('remove', 0, NEVER), at('create', 2, NEVER));
const LISTING = row({ operation: 'list', dirfd: 0 });

/**
 * Every call that strace's `%file` class and our additions to it can show, and which of its arguments are paths. Names of
 * all architectures and of newer kernels are here too: a name that is missing makes a trace incomplete.
 *
 * Source: strace `src/linux/ARCH/syscallent*.h` (class TF), man 2 of each call.
 */
export const SYSCALLS: ReadonlyMap<string, SyscallRow> = new Map<string, SyscallRow>(
  Object.entries({
    open: { ...row(use('by-open-flags', 0, { flags: 1 })), opens: true },
    openat: { ...row(at('by-open-flags', 0, { flags: 2 })), opens: true },
    openat2: { ...row(at('by-open-flags', 0, { flags: 2 })), opens: true },
    creat: { ...row(use('create', 0)), opens: true },
    open_by_handle_at: { ...row({ operation: 'open' }), opens: true },
    open_tree: { ...row(at('open', 0, { flags: 2 })), opens: true },
    uselib: row(use('open', 0)),
    truncate: row(use('write', 0)),
    truncate64: row(use('write', 0)),
    acct: row(use('write', 0)),

    execve: { ...row(use('execute', 0)), effect: 'execute' },
    execveat: { ...row(at('execute', 0, { flags: 4 })), effect: 'execute' },
    chdir: { ...row(use('directory', 0)), effect: 'chdir' },
    fchdir: { ...row({ operation: 'directory', dirfd: 0 }), effect: 'chdir' },
    chroot: { ...row(use('directory', 0)), effect: 'chroot' },
    getcwd: { uses: [], effect: 'getcwd' },
    fork: FORK,
    vfork: FORK,
    clone: FORK,
    clone2: FORK,
    clone3: FORK,
    exit: { uses: [] },
    exit_group: { uses: [] },
    setuid: USER,
    setuid32: USER,
    setreuid: USER,
    setreuid32: USER,
    setresuid: USER,
    setresuid32: USER,

    stat: STAT,
    stat64: STAT,
    oldstat: STAT,
    lstat: LSTAT,
    lstat64: LSTAT,
    oldlstat: LSTAT,
    newfstatat: row(at('stat', 0, { flags: 3 })),
    fstatat64: row(at('stat', 0, { flags: 3 })),
    statx: row(at('stat', 0, { flags: 2 })),
    file_getattr: row(at('stat', 0, { flags: 4 })),
    statfs: STAT,
    statfs64: STAT,
    access: row(use('access', 0)),
    faccessat: row(at('access', 0)),
    faccessat2: row(at('access', 0, { flags: 3 })),
    readlink: row(use('readlink', 0, NEVER)),
    readlinkat: row(at('readlink', 0, NEVER)),
    name_to_handle_at: row(at('stat', 0, { flags: 4, follow: 'if-asked' })),
    inotify_add_watch: row(use('stat', 1, { flags: 2 })),
    fanotify_mark: row(at('stat', 3, { flags: 1 })),
    quotactl: row(use('stat', 1)),
    getdents: LISTING,
    getdents64: LISTING,

    getxattr: XATTR,
    setxattr: XATTR,
    listxattr: XATTR,
    removexattr: XATTR,
    lgetxattr: LXATTR,
    lsetxattr: LXATTR,
    llistxattr: LXATTR,
    lremovexattr: LXATTR,
    getxattrat: row(at('xattr', 0, { flags: 2 })),
    setxattrat: row(at('xattr', 0, { flags: 2 })),
    listxattrat: row(at('xattr', 0, { flags: 2 })),
    removexattrat: row(at('xattr', 0, { flags: 2 })),

    mkdir: row(use('create', 0, NEVER)),
    mkdirat: row(at('create', 0, NEVER)),
    mknod: row(use('create', 0, NEVER)),
    mknodat: row(at('create', 0, NEVER)),
    symlink: row(use('create', 1, NEVER)),
    symlinkat: row(use('create', 2, { dirfd: 1, ...NEVER })),
    link: row(use('link', 0, NEVER), use('create', 1, NEVER)),
    linkat: row(at('link', 0, { flags: 4, follow: 'if-asked' }), at('create', 2, NEVER)),
    rename: row(use('remove', 0, NEVER), use('create', 1, NEVER)),
    renameat: RENAME_AT,
    renameat2: RENAME_AT,
    unlink: row(use('remove', 0, NEVER)),
    unlinkat: row(at('remove', 0, NEVER)),
    rmdir: row(use('remove', 0, NEVER)),

    chmod: CHANGE,
    fchmodat: row(at('change', 0)),
    fchmodat2: row(at('change', 0, { flags: 3 })),
    chown: CHANGE,
    chown32: CHANGE,
    lchown: row(use('change', 0, NEVER)),
    lchown32: row(use('change', 0, NEVER)),
    fchownat: row(at('change', 0, { flags: 4 })),
    utime: CHANGE,
    utimes: CHANGE,
    futimesat: row(at('change', 0)),
    utimensat: row(at('change', 0, { flags: 3 })),
    utimensat_time64: row(at('change', 0, { flags: 3 })),
    file_setattr: row(at('change', 0, { flags: 4 })),

    connect: row(use('socket', 1, { isSocketAddress: true })),
    bind: row(use('create', 1, { isSocketAddress: true, ...NEVER })),
    io_uring_setup: { uses: [], effect: 'io_uring' },

    mount: { uses: [use('stat', 0, { onlyAbsolute: true }), use('stat', 1)], effect: 'mount' },
    umount: STAT,
    umount2: STAT,
    pivot_root: { ...row(use('directory', 0), use('directory', 1)), effect: 'chroot' },
    move_mount: { ...row(at('stat', 0), at('stat', 2)), effect: 'mount' },
    mount_setattr: row(at('stat', 0, { flags: 2 })),
    open_tree_attr: { ...row(at('open', 0, { flags: 2 })), opens: true },
    fspick: row(at('stat', 0, { flags: 2 })),
    fsconfig: MOUNT,
    swapon: row(use('open', 0)),
    swapoff: STAT,
  } satisfies Record<string, SyscallRow>),
);
