import { displayPath } from '../rootfs/path.ts';
import type { TraceNote } from './strace-accesses.ts';
import type { Completeness } from './trace.ts';

const MAX_SAMPLES = 10;
const MAX_SAMPLE_CHARACTERS = 300;
/** Of a sample in a sentence. */
const SHOWN_CHARACTERS = 160;

const NOTES: Readonly<Record<TraceNote, string>> = {
  io_uring: 'partially blind: a program uses io_uring, and strace does not see what is opened through it',
  mount: 'a program changed mounts: paths below them may not be paths of the image',
  enosys:
    'a system call answered ENOSYS after it had worked in the same process: it runs in a sandbox of its own, or under a tracer that died',
  'ambiguous-directory':
    'relative paths were taken from the most likely directory, because several processes were forking at the same time',
};

/** Keeps count of what could not be understood, and says what that means for the trace. */
export class Account {
  lines = 0;
  truncatedTails = 0;
  emptyLogs = 0;
  #strangeCalls = 0;
  #unknownPaths = 0;
  #decorations = 0;
  readonly #unknownCalls = new Set<string>();
  readonly #samples: string[] = [];
  readonly #notes = new Map<TraceNote, number>();

  note(note: TraceNote): void {
    this.#notes.set(note, (this.#notes.get(note) ?? 0) + 1);
  }

  strange(line: string, kind: 'call' | 'decoration'): void {
    if (kind === 'call') this.#strangeCalls++;
    else this.#decorations++;
    this.#sample(line);
  }

  unknownPath(line: string): void {
    this.#unknownPaths++;
    this.#sample(line);
  }

  /** A call that the table of system calls does not have: whether it used a path cannot be told. */
  unknownCall(name: string, line: string): void {
    this.#strangeCalls++;
    if (this.#unknownCalls.size < MAX_SAMPLES) this.#unknownCalls.add(name.slice(0, MAX_SAMPLE_CHARACTERS));
    this.#sample(line);
  }

  completeness(droppedAccesses: number, knownLosses: readonly string[]): Completeness {
    const losses = [
      ...knownLosses,
      ...when(
        this.emptyLogs,
        (n) => `${n} of the trace logs ${n === 1 ? 'is' : 'are'} empty: nothing of that command was seen`,
      ),
      ...when(this.#strangeCalls, (n) => `${n} ${lines(n)} of the trace could not be understood${this.#nameUnknown()}`),
      ...when(this.#unknownPaths, (n) => `${n} ${n === 1 ? 'call' : 'calls'} used a path that the trace does not show`),
      ...when(droppedAccesses, (n) => `${n} accesses were left out, because there are too many different ones`),
    ];
    const notes = [
      ...[...this.#notes.keys()].map((note) => NOTES[note]),
      ...when(
        this.truncatedTails,
        (n) =>
          `the last line of ${n} trace ${n === 1 ? 'log' : 'logs'} is cut off: the tracer ended with the container`,
      ),
      ...when(this.#decorations, (n) => `${n} ${lines(n)} between the system calls could not be understood`),
    ];
    return {
      complete: losses.length === 0,
      losses,
      notes,
      lines: this.lines,
      unparsedLines: this.#strangeCalls + this.#unknownPaths + this.#decorations,
      unparsedSamples: this.#samples,
    };
  }

  #nameUnknown(): string {
    const names = [...this.#unknownCalls].join(', ');
    return names === ''
      ? `, e.g. ${this.#samples[0]?.slice(0, SHOWN_CHARACTERS)}`
      : ` (unknown system calls: ${names})`;
  }

  #sample(line: string): void {
    if (this.#samples.length < MAX_SAMPLES) this.#samples.push(displayPath(line.slice(0, MAX_SAMPLE_CHARACTERS)));
  }
}

function when(count: number, sentence: (count: number) => string): string[] {
  return count > 0 ? [sentence(count)] : [];
}

function lines(count: number): string {
  return count === 1 ? 'line' : 'lines';
}
