import type { ImagePath } from '../rootfs/path.ts';

/** Where path look-ups of a process start. Threads share one (CLONE_FS). Byte strings that may hold `..`. */
export interface FileSystemView {
  cwd: string;
  /** Empty, or what chroot(2) made the process's `/`. */
  root: string;
}

/** What is known of a traced process at this point of its log. */
export interface Process {
  readonly pid: number;
  view: FileSystemView;
  executable: ImagePath | undefined;
  /** As whom it runs, as far as it was told. */
  uid: number;
  /**
   * What open descriptors lead to, as last opened. The tracer prints that itself, except for a process that has changed
   * its user: then it may no longer look. Threads share one.
   */
  descriptors: Map<number, string>;
  /** Present while the parent is not certain: the child's first line came before the parent's fork returned. */
  guess?: Guess;
}

interface Guess {
  readonly parent: number;
  /** Other processes were forking too, from another directory, or none was. */
  readonly isAmbiguous: boolean;
  /** As inherited from the guessed parent. */
  readonly cwd: string;
  readonly executable: ImagePath | undefined;
}

/** How the first process of a log starts. */
export interface ProcessStart {
  /** Its working directory. */
  readonly cwd: ImagePath;
  /** As whom it runs. */
  readonly uid: number;
}

/** The processes of one log: working directory, root and program, as inherited from the parent. */
export class ProcessTable {
  readonly #processes = new Map<number, Process>();
  /** Processes inside of a fork, with whether the child shares their view; in the order they began. */
  readonly #forking = new Map<number, boolean>();
  readonly #start: ProcessStart;

  constructor(start: ProcessStart) {
    this.#start = start;
  }

  get(pid: number): Process {
    return this.#processes.get(pid) ?? this.#adopt(pid);
  }

  beginFork(parent: number, sharesView: boolean): void {
    this.get(parent);
    this.#forking.set(parent, sharesView);
  }

  /** `child` is absent when the fork failed. A child's own lines may have come before. */
  endFork(parent: number, child: number | undefined, sharesView: boolean): void {
    this.#forking.delete(parent);
    if (child === undefined) return;
    const known = this.#processes.get(child);
    if (known?.guess) correct(known, known.guess, this.get(parent), sharesView);
    else this.#inherit(child, this.get(parent), sharesView);
  }

  /** A process nobody has announced: the first one, or a child whose parent's fork has not returned yet. */
  #adopt(pid: number): Process {
    const parents = [...this.#forking.keys()].map((parent) => this.get(parent));
    const latest = parents.at(-1);
    if (latest) {
      const child = this.#inherit(pid, latest, this.#forking.get(latest.pid) === true);
      const isAmbiguous = parents.some(({ view }) => view.cwd !== latest.view.cwd || view.root !== latest.view.root);
      child.guess = { parent: latest.pid, isAmbiguous, cwd: child.view.cwd, executable: child.executable };
      return child;
    }
    const { cwd, uid } = this.#start;
    const first: Process = {
      pid,
      view: { cwd, root: '' },
      uid,
      executable: undefined,
      descriptors: new Map(),
    };
    if (this.#processes.size > 0) {
      first.guess = { parent: pid, isAmbiguous: true, cwd, executable: undefined };
    }
    this.#processes.set(pid, first);
    return first;
  }

  #inherit(pid: number, parent: Process, sharesView: boolean): Process {
    const child: Process = {
      pid,
      view: viewFor(parent, sharesView),
      executable: parent.executable,
      uid: parent.uid,
      descriptors: sharesView ? parent.descriptors : new Map(parent.descriptors),
    };
    this.#processes.set(pid, child);
    return child;
  }
}

/** The parent is known now. What the child has changed itself since it began stays. */
function correct(child: Process, guess: Guess, parent: Process, sharesView: boolean): void {
  delete child.guess;
  if (guess.parent === parent.pid) return;
  if (child.view.cwd === guess.cwd) child.view = viewFor(parent, sharesView);
  for (const [fd, path] of parent.descriptors) if (!child.descriptors.has(fd)) child.descriptors.set(fd, path);
  if (child.executable === guess.executable) child.executable = parent.executable;
}

function viewFor(parent: Process, sharesView: boolean): FileSystemView {
  return sharesView ? parent.view : { ...parent.view };
}
