import type { ToolkitPaths } from '../engine/types.ts';

/**
 * What strace stops at. `%file` is every call with a path argument; the rest are calls that use a path without naming it,
 * that tell whose working directory a process begins with, who it runs as, or that a command has ended. `?` lets a name pass that an
 * architecture or a strace lacks.
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
  'exit',
  'exit_group',
  '?setuid',
  '?setreuid',
  '?setresuid',
];

/**
 * What is opened through io_uring makes no call that could be seen. So it is refused, as engines of today do by themselves:
 * programs then open files in the common way.
 */
const REFUSED = 'inject=?io_uring_setup:error=EPERM';

/**
 * Flags of strace. `-y`: paths beside descriptors. `-qq`: no attach and exit lines. `-s`: no path is cut, PATH_MAX being
 * 4096.
 */
const FLAGS = [
  '-f',
  '-y',
  '-qq',
  '-s',
  '4096',
  '-e',
  'signal=none',
  '-e',
  `trace=${TRACED_CALLS.join(',')}`,
  '-e',
  REFUSED,
];

/**
 * The command line that runs `command` under the toolkit's strace and writes the log `logName` of the log folder. `-DDD`:
 * the program stays the parent's child (PID 1 in a container) and gets its signals.
 */
export function straceCommand(toolkit: ToolkitPaths, logName: string, command: readonly string[]): string[] {
  const { launcher, strace, logs, unprivileged } = toolkit;
  const wrapping = ['-DDD', '--seccomp-bpf', '-o', `${logs}/${logName}`];
  return [...launcher, strace, ...FLAGS, ...wrapping, '--', ...unprivileged, ...command];
}

/** The toolkit's strace for processes that run already: lacks the process id, and the log's file name behind `-o`. */
export function attachingStrace({ launcher, strace }: ToolkitPaths): string[] {
  return [...launcher, strace, ...FLAGS];
}
