import { parseCall, type Syscall } from './strace-line.ts';

/** Receives what a log says, in the order of the log. */
export interface StraceSink {
  /** A complete call. One that never returned has the result `?`. */
  onCall(pid: number, call: Syscall): void;
  /** A call that began and has not returned yet, as printed so far; it comes again through `onCall`. */
  onBegin(pid: number, text: string): void;
  /** A line that could not be understood. */
  onStrange(line: string, kind: 'call' | 'decoration'): void;
}

/** Understands the lines of one log of `strace -f -o`: joins the halves of interrupted calls, per process. */
export class StraceParser {
  readonly #sink: StraceSink;
  readonly #unfinished = new Map<number, string>();
  /** Processes whose pending execve came from another thread: strace 6.1 prints a meaningless result for it. */
  readonly #superseded = new Set<number>();

  constructor(sink: StraceSink) {
    this.#sink = sink;
  }

  line(line: string): void {
    const start = endOfPid(line);
    const pid = start === 0 ? 0 : Number.parseInt(line, 10);
    const first = line.charCodeAt(start);
    if (first === LESS) this.#resumed(pid, line, start);
    else if (isDecoration(first)) this.#decoration(pid, line, start);
    else if (line.endsWith(UNFINISHED)) this.#begun(pid, line.slice(start, -UNFINISHED.length), line);
    else this.#call(pid, start === 0 ? line : line.slice(start), line);
  }

  /** To be called after the last line: calls that were in progress then are given with the result `?`. */
  end(): void {
    for (const pid of [...this.#unfinished.keys()]) this.#giveUp(pid);
  }

  #call(pid: number, text: string, line: string): void {
    const call = parseCall(text);
    if (!call) {
      this.#uncommon(pid, text, line);
      return;
    }
    if (this.#unfinished.size > 0 && this.#unfinished.has(pid)) this.#giveUp(pid);
    this.#sink.onCall(pid, call);
  }

  /** The other way in which strace says that a thread goes on under its leader's id: in the line of the execve itself. */
  #uncommon(pid: number, text: string, line: string): void {
    const changed = / <pid changed to (\d+) \.\.\.>$/.exec(text);
    if (changed && text.startsWith('execve')) {
      this.#begun(pid, text.slice(0, changed.index), line);
      this.#supersede(Number(changed[1]), pid);
    } else {
      this.#sink.onStrange(line, 'call');
    }
  }

  #begun(pid: number, text: string, line: string): void {
    if (!/^[a-z0-9_?]+\(/.test(text)) {
      this.#sink.onStrange(line, 'call');
      return;
    }
    this.#giveUp(pid);
    this.#unfinished.set(pid, text);
    this.#sink.onBegin(pid, text);
  }

  #resumed(pid: number, line: string, start: number): void {
    const end = line.indexOf(RESUMED, start);
    const name = line.slice(start + '<... '.length, end);
    const begun = this.#unfinished.get(pid);
    if (end < 0 || !begun?.startsWith(`${name}(`)) {
      this.#sink.onStrange(line, 'call');
      return;
    }
    this.#unfinished.delete(pid);
    const wasSuperseded = this.#superseded.delete(pid);
    const call = parseCall(begun + line.slice(end + RESUMED.length));
    if (!call) this.#sink.onStrange(line, 'call');
    else this.#sink.onCall(pid, wasSuperseded ? { ...call, result: '0' } : call);
  }

  #decoration(pid: number, line: string, start: number): void {
    const text = line.slice(start);
    const superseded = /^\+\+\+ superseded by execve in pid (\d+) \+\+\+$/.exec(text);
    if (superseded) this.#supersede(pid, Number(superseded[1]));
    else if (/^\+\+\+ (?:exited with|killed by) .* \+\+\+$/.test(text)) this.#giveUp(pid);
    else if (!/^--- .* ---$/.test(text)) this.#sink.onStrange(line, 'decoration');
  }

  /** The thread `by` goes on as `pid`, in the middle of its execve. */
  #supersede(pid: number, by: number): void {
    const begun = this.#unfinished.get(by);
    if (begun === undefined) return;
    this.#unfinished.delete(by);
    this.#giveUp(pid);
    this.#unfinished.set(pid, begun);
    this.#superseded.add(pid);
  }

  #giveUp(pid: number): void {
    const begun = this.#unfinished.get(pid);
    if (begun === undefined) return;
    this.#unfinished.delete(pid);
    const call = parseCall(`${begun}) = ?`);
    if (call) this.#sink.onCall(pid, call);
    else this.#sink.onStrange(begun, 'call');
  }
}

const UNFINISHED = ' <unfinished ...>';
const RESUMED = ' resumed>';
const LESS = 0x3c;

/** Index of the first character after the process id and its padding; 0 when there is no id. */
function endOfPid(line: string): number {
  let i = 0;
  while (isDigit(line.charCodeAt(i))) i++;
  if (i === 0 || i > MAX_PID_DIGITS || line.charCodeAt(i) !== 0x20) return 0;
  while (line.charCodeAt(i) === 0x20) i++;
  return i;
}

const MAX_PID_DIGITS = 10;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** `+++ exited`, `--- SIGCHLD`, `[ Process PID=7 runs in 32 bit mode. ]` */
function isDecoration(code: number): boolean {
  return code === 0x2b || code === 0x2d || code === 0x5b;
}
