import type { ToolkitPaths } from '../engine/types.ts';

/**
 * What strace stops at. `%file` is every call with a path argument; the rest are calls that use a path without naming it,
 * or that tell whose working directory a process begins with. `?` lets a name pass that an architecture or a strace lacks.
 */
const TRACED_CALLS = [
  '%file',
  '?getdents',
  'getdents64',
  'fchdir',
  '?open_by_handle_at',
  '?io_uring_setup',
  'connect',
  'bind',
  '?fchmodat2',
  '?clone',
  '?fork',
  '?vfork',
  '?clone3',
];

/**
 * Flags of strace. `-DDD`: the program stays the parent's child (PID 1 in a container) and gets its signals. `-y`: paths
 * beside descriptors. `-qq`: no attach and exit lines. `-s`: no path is cut, PATH_MAX being 4096.
 */
const FLAGS = ['-DDD', '-f', '--seccomp-bpf', '-y', '-qq', '-s', '4096', '-e', 'signal=none'];

/** The command line that runs `command` under the toolkit's strace and writes the log `logName` of the log folder. */
export function straceCommand(toolkit: ToolkitPaths, logName: string, command: readonly string[]): string[] {
  const { launcher, strace, logs, unprivileged } = toolkit;
  return [
    ...launcher,
    strace,
    ...FLAGS,
    '-e',
    `trace=${TRACED_CALLS.join(',')}`,
    '-o',
    `${logs}/${logName}`,
    '--',
    ...unprivileged,
    ...command,
  ];
}
