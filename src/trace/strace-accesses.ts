import { type ImagePath, toImagePath } from '../rootfs/path.ts';
import type { FileSystemView, Process, ProcessTable } from './processes.ts';
import { annotationOf, errnoOfResult, neverReturned, pathOf, type Syscall } from './strace-line.ts';
import { type Effect, type PathUse, SYSCALLS, type SyscallRow } from './syscall-table.ts';
import type { Operation } from './trace.ts';

/** One use of a path by one call, before repetitions are counted. Paths are byte strings, absolute, not normalised. */
export interface SeenAccess {
  readonly operation: Operation;
  readonly asked: string;
  readonly resolved: string | undefined;
  readonly errno: string | undefined;
  readonly noFollow: boolean;
  readonly syscall: string;
  readonly pid: number;
  readonly executable: ImagePath | undefined;
}

/** Receives what a call did. */
export interface AccessSink {
  onAccess(access: SeenAccess): void;
  /** The call succeeded with a path that cannot be told: something was used and is not known. */
  onUnknownPath(call: Syscall): void;
  /** Something a reader of the trace should know. Said again at every occurrence. */
  onNote(note: TraceNote): void;
}

export type TraceNote = 'io_uring' | 'mount' | 'enosys' | 'ambiguous-directory';

/** Turns one call into the accesses it made, and follows what it changes for its process. False for a call not in the table. */
export function readCall(call: Syscall, process: Process, processes: ProcessTable, sink: AccessSink): boolean {
  const row = SYSCALLS.get(call.name);
  if (!row) return false;
  if (row.effect === 'fork') {
    processes.endFork(process.pid, childOf(call), sharesView(call));
    return true;
  }
  const errno = errnoOfResult(call.result);
  const step: Step = { call, row, errno, process, sink };
  const used = row.uses.map((pathUse) => usePath(step, pathUse));
  if (errno === undefined && row.effect) EFFECTS[row.effect](step, used[0]);
  return true;
}

/** True when a fork call as printed so far makes a thread or anything else that shares the working directory. */
export function sharesView(call: Pick<Syscall, 'args'> | string): boolean {
  return typeof call === 'string' ? call.includes('CLONE_FS') : call.args.some((arg) => arg.includes('CLONE_FS'));
}

/** True for the text of a fork call that has begun. */
export function isFork(text: string): boolean {
  return SYSCALLS.get(text.slice(0, text.indexOf('(')))?.effect === 'fork';
}

function childOf(call: Syscall): number | undefined {
  const pid = Number.parseInt(call.result, 10);
  return pid > 0 ? pid : undefined;
}

interface Step {
  readonly call: Syscall;
  readonly row: SyscallRow;
  readonly errno: string | undefined;
  readonly process: Process;
  readonly sink: AccessSink;
}

/** Reports one path of a call. Gives the absolute path, or undefined when there is none to speak of. */
function usePath(step: Step, pathUse: PathUse): string | undefined {
  const { call, row, errno, process, sink } = step;
  const asked = locate(step, pathUse);
  const opened = row.opens && errno === undefined ? annotationOf(call.result) : undefined;
  const resolved = opened?.target.startsWith('/') ? opened.target : undefined;
  const path = asked ?? resolved;
  if (path === undefined) return undefined;
  if (row.opens && errno === undefined)
    process.descriptors.set(Number.parseInt(call.result, 10), copyOf(resolved ?? path));
  const flags = pathUse.flags === undefined ? '' : (call.args[pathUse.flags] ?? '');
  const operation = pathUse.operation === 'by-open-flags' ? operationOfOpen(flags) : pathUse.operation;
  const noFollow = isNoFollow(pathUse, flags);
  const { pid, executable } = process;
  sink.onAccess({ operation, asked: path, resolved, errno, noFollow, syscall: call.name, pid, executable });
  return path;
}

function operationOfOpen(flags: string): Operation {
  if (flags.includes('O_CREAT')) return 'create';
  if (flags.includes('O_DIRECTORY') || flags.includes('O_TMPFILE')) return 'directory';
  return /O_WRONLY|O_RDWR|O_TRUNC/.test(flags) ? 'write' : 'open';
}

function isNoFollow(pathUse: PathUse, flags: string): boolean {
  if (pathUse.follow === 'never') return true;
  if (pathUse.follow === 'if-asked') return !flags.includes('AT_SYMLINK_FOLLOW');
  return flags !== '' && NO_FOLLOW_FLAGS.test(flags);
}

/** O_EXCL: with O_CREAT, a link in the last component is an error. */
const NO_FOLLOW_FLAGS = /NOFOLLOW|DONT_FOLLOW|O_EXCL/;

/** The absolute path of an argument; undefined when the call named none that could exist. */
function locate(step: Step, pathUse: PathUse): string | undefined {
  const { call, errno, process, sink } = step;
  const base = pathUse.dirfd === undefined ? undefined : call.args[pathUse.dirfd];
  noteDirectory(process.view, base);
  if (pathUse.path === undefined) return descriptorPath(process, base);
  const arg = call.args[pathUse.path];
  const text = pathUse.isSocketAddress ? socketPath(arg) : pathOf(arg);
  if (text === undefined) return undefined;
  if (typeof text === 'string' || text.path === '') {
    // An empty path, or none: the descriptor itself, where the call allows that.
    const isDescriptor = text !== 'cut' && text !== 'unreadable';
    if (errno === undefined && isDescriptor && base !== undefined) return descriptorPath(process, base);
    // The memory of a thread that was killed as it began a call cannot be read. The kernel does not run that call.
    const wasKilled = text === 'unreadable' && neverReturned(call);
    if (errno === undefined && typeof text === 'string' && !wasKilled) sink.onUnknownPath(call);
    return undefined;
  }
  if (pathUse.onlyAbsolute && !text.path.startsWith('/')) return undefined;
  return absolute(step, text.path, base);
}

/** `AT_FDCWD</directory>` is what the kernel says; what was followed by chdir is only what was asked for. */
function noteDirectory(view: FileSystemView, base: string | undefined): void {
  if (!base?.startsWith('AT_FDCWD<')) return;
  const length = base.length - 'AT_FDCWD<>'.length;
  if (length === view.cwd.length && base.startsWith(view.cwd, 'AT_FDCWD<'.length)) return;
  const directory = annotationOf(base)?.target;
  if (directory?.startsWith('/')) view.cwd = copyOf(directory);
}

/** What an open descriptor leads to; nothing for pipes, sockets and files that are deleted. */
function descriptorPath(process: Process, base: string | undefined): string | undefined {
  const annotation = annotationOf(base);
  if (!annotation) return process.descriptors.get(Number.parseInt(base ?? '', 10));
  return annotation?.target.startsWith('/') && !annotation.isDeleted ? annotation.target : undefined;
}

function socketPath(address: string | undefined): { path: string } | undefined {
  const start = address?.indexOf('sun_path="') ?? -1;
  if (address === undefined || start < 0) return undefined;
  const text = pathOf(address.slice(start + 'sun_path='.length, address.lastIndexOf('"') + 1));
  return typeof text === 'object' && text.path !== '' ? text : undefined;
}

function absolute(step: Step, path: string, base: string | undefined): string | undefined {
  const { call, errno, process, sink } = step;
  const { view } = process;
  if (path.startsWith('/')) return throughProc(belowRoot(view, view.root + path), process);
  if (base === undefined || base.startsWith('AT_FDCWD')) {
    const isTold = base !== undefined && base.length > 'AT_FDCWD'.length;
    if (!isTold && process.guess?.isAmbiguous) sink.onNote('ambiguous-directory');
    return throughProc(belowRoot(view, `${view.cwd}/${path}`), process);
  }
  const directory = annotationOf(base)?.target ?? process.descriptors.get(Number.parseInt(base, 10));
  if (directory?.startsWith('/')) return throughProc(belowRoot(view, `${directory}/${path}`), process);
  if (directory === undefined && errno !== 'EBADF' && errno !== 'ENOTDIR') sink.onUnknownPath(call);
  return undefined;
}

/** After chroot(2), `..` does not lead out of the new root. */
function belowRoot(view: FileSystemView, path: string): string {
  const isInside = view.root !== '' && path.startsWith(`${view.root}/`) && path.includes('/..');
  return isInside ? view.root + toImagePath(path.slice(view.root.length)) : path;
}

/** `/proc/self/root/etc` is a path of the image by another name. Only the process's own links can be told. */
function throughProc(path: string, process: Process): string {
  if (!path.startsWith('/proc/')) return path;
  const match = /^\/proc\/(?:self|thread-self|(\d+))\/(?:(exe)$|(root|cwd)(\/.*))/s.exec(path);
  if (!match || (match[1] !== undefined && Number(match[1]) !== process.pid)) return path;
  if (match[2]) return process.executable ?? path;
  return (match[3] === 'root' ? process.view.root : process.view.cwd) + match[4];
}

type EffectOnProcess = (step: Step, path: string | undefined) => void;

/** What a successful call changes; `path` is the first one it named. */
const EFFECTS: Readonly<Record<Exclude<Effect, 'fork'>, EffectOnProcess>> = {
  execute: ({ process }, path) => {
    if (path !== undefined) process.executable = toImagePath(copyOf(path));
  },
  chdir: ({ process }, path) => {
    if (path !== undefined) process.view.cwd = copyOf(path);
  },
  chroot: ({ process }, path) => {
    if (path === undefined) return;
    const root = toImagePath(copyOf(path));
    process.view.root = root === '/' ? '' : root;
  },
  user: ({ call, process }) => {
    // The effective one; `-1` leaves it as it is.
    const uid = Number(call.args[Math.min(1, call.args.length - 1)]);
    if (uid >= 0) process.uid = uid;
  },
  getcwd: ({ call, process }) => {
    const text = pathOf(call.args[0]);
    if (typeof text === 'object' && text.path.startsWith('/')) process.view.cwd = copyOf(process.view.root + text.path);
  },
  mount: ({ sink }) => sink.onNote('mount'),
  io_uring: ({ sink }) => sink.onNote('io_uring'),
};

/** A string of its own: a slice would keep the whole chunk of the log that it was cut from in memory. */
export function copyOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('latin1');
}
