import type { ImagePath } from '../rootfs/path.ts';
import type { AccessTable } from './access-table.ts';
import type { Account } from './account.ts';
import type { PhaseStart } from './phases.ts';
import { type Process, ProcessTable } from './processes.ts';
import {
  type AccessSink,
  copyOf,
  isFork,
  readCall,
  type SeenAccess,
  sharesView,
  type TraceNote,
} from './strace-accesses.ts';
import { errnoOfResult, neverReturned, type Syscall } from './strace-line.ts';
import type { StraceSink } from './strace-parse.ts';

/** What {@link LogReader} is told about its log. */
export interface LogContext {
  readonly phases: readonly PhaseStart[];
  readonly prefix: ImagePath;
  /** What programs below this path do is ours, except that they execute the application. */
  readonly shim: ImagePath;
  readonly cwd: ImagePath;
  readonly uid: number;
  /** Nothing counts before the first process has executed a program. */
  readonly isGated?: boolean;
}

/** A program that a user other than root has executed, or was refused to: it may lack a privilege that would allow it. */
export interface UserProgram {
  /** Absolute, with its `..` in place. */
  readonly path: string;
  readonly uid: number;
}

/** More than any real run has. */
const MAX_PROGRAMS = 10_000;

/** Follows the calls of one log and counts the accesses that are the application's. */
export class LogReader implements StraceSink, AccessSink {
  readonly #context: LogContext;
  readonly #table: AccessTable;
  readonly #account: Account;
  readonly #processes: ProcessTable;
  readonly #worked = new Set<string>();
  #phaseIndex = 0;
  #first: Process | undefined;
  /** The first process is still a gate. */
  isWaiting: boolean;
  /** The first process has ended itself, in any of its threads. */
  hasExited = false;
  /** Programs executed by processes of other users than root, or tried to be: see {@link UserProgram}. By what is in them. */
  readonly executedByUsers = new Map<string, UserProgram>();

  constructor(context: LogContext, table: AccessTable, account: Account) {
    this.#context = context;
    this.#table = table;
    this.#account = account;
    this.#processes = new ProcessTable(context);
    this.isWaiting = context.isGated ?? false;
  }

  /** Lines that follow begin at this byte of the log, or behind it. */
  atOffset(offset: number): void {
    const { phases } = this.#context;
    for (let next = phases[this.#phaseIndex + 1]; next && next.startOffset <= offset; ) {
      this.#phaseIndex++;
      next = phases[this.#phaseIndex + 1];
    }
  }

  onBegin(pid: number, text: string): void {
    this.#first ??= this.#processes.get(pid);
    if (this.isWaiting) return;
    this.#watchForExit(pid, text);
    if (isFork(text)) this.#processes.beginFork(pid, sharesView(text));
    else this.#processes.get(pid);
  }

  onCall(pid: number, call: Syscall): void {
    this.#first ??= this.#processes.get(pid);
    if (this.isWaiting) {
      if (pid !== this.#first.pid || !isExecuted(call)) return;
      this.isWaiting = false;
    }
    this.#watchForExit(pid, call.name);
    const process = this.#processes.get(pid);
    if (readCall(call, process, this.#processes, this)) this.#watchForEnosys(call);
    else if (!isOfDyingThread(call)) this.#account.unknownCall(call.name, printed(call));
  }

  onStrange(line: string, kind: 'call' | 'decoration'): void {
    this.#account.strange(line, kind);
  }

  onAccess(seen: SeenAccess): void {
    const isShim = seen.executable?.startsWith(`${this.#context.shim}/`) === true;
    if (isShim && seen.operation !== 'execute') return;
    const access = isShim ? { ...seen, executable: undefined } : seen;
    const { asked, resolved } = access;
    const phase = this.#context.phases[this.#phaseIndex]?.name ?? 'start';
    const isResolvedForeign = resolved !== undefined && this.#isForeign(resolved);
    if (this.#isForeign(asked)) {
      if (resolved !== undefined && !isResolvedForeign) this.#table.see({ ...access, asked: resolved }, phase);
      return;
    }
    if (access.operation === 'execute') this.#noteProgram(access);
    this.#table.see(isResolvedForeign ? { ...access, resolved: undefined } : access, phase);
  }

  onUnknownPath(call: Syscall): void {
    this.#account.unknownPath(printed(call));
  }

  onNote(note: TraceNote): void {
    this.#account.note(note);
  }

  #noteProgram({ asked, errno, pid }: SeenAccess): void {
    const { uid } = this.#processes.get(pid);
    const key = `${uid} ${asked}`;
    if (uid === 0 || errno === 'ENOENT' || this.executedByUsers.has(key)) return;
    if (this.executedByUsers.size < MAX_PROGRAMS) this.executedByUsers.set(copyOf(key), { path: copyOf(asked), uid });
  }

  #watchForEnosys(call: Syscall): void {
    const hasWorked = this.#worked.has(call.name);
    if (hasWorked ? !call.result.startsWith('-1 ENOSYS') : errnoOfResult(call.result) !== undefined) return;
    if (hasWorked) this.#account.note('enosys');
    else this.#worked.add(copyOf(call.name));
  }

  /** Threads share their view of the file system; other processes do so rarely. */
  #watchForExit(pid: number, text: string): void {
    this.hasExited ||= text.startsWith('exit') && this.#processes.get(pid).view === this.#first?.view;
  }

  #isForeign(path: string): boolean {
    const { prefix } = this.#context;
    if (path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH))
      return true;
    return KERNEL_INITIALS.includes(path.charAt(1)) && KERNEL_PATH.test(path);
  }
}

function isExecuted({ name, result }: Syscall): boolean {
  return name.startsWith('execve') && errnoOfResult(result) === undefined;
}

/**
 * What strace makes of a thread that dies as it begins or ends a call: `???() = ?`, or `syscall_0xfffffffffffffffe(…) = ?`
 * when it takes what a call returned for the number of another one. The kernel runs neither.
 */
function isOfDyingThread(call: Syscall): boolean {
  return NO_SYSTEM_CALL.test(call.name) && neverReturned(call);
}

/** No architecture has numbers of more than four digits. */
const NO_SYSTEM_CALL = /^(?:\?+|syscall_0x[0-9a-f]{5,})$/;

function printed(call: Syscall): string {
  return `${call.name}(${call.args.join(', ')}) = ${call.result}`;
}

/** File systems that are never the image's. What a link in them led to may be. */
const KERNEL_PATH = /^\/(?:proc|sys|dev)(?:\/|$)/;
const KERNEL_INITIALS = 'psd';
const SLASH = 0x2f;
