import type { ImagePath } from '../rootfs/path.ts';

/**
 * What was done with a path. `open` reading, `write` opening for writing or truncation, `create` O_CREAT, `list`
 * getdents, `directory` chdir and opens with O_DIRECTORY, `remove` unlink/rmdir/rename source.
 */
export type Operation =
  | 'open'
  | 'write'
  | 'create'
  | 'execute'
  | 'stat'
  | 'access'
  | 'readlink'
  | 'list'
  | 'directory'
  | 'xattr'
  | 'change'
  | 'link'
  | 'remove'
  | 'socket';

/** One distinct use of a path. Repetitions are counted, not stored. */
export interface Access {
  readonly operation: Operation;
  /** The absolute path as the process asked for it, relative parts joined to its directory, links not resolved. */
  readonly asked: ImagePath;
  /**
   * The same path with its `..` in place, for paths that have any: behind a symbolic link they lead elsewhere than the
   * text says. An absolute byte string to resolve instead of `asked`.
   */
  readonly verbatim?: string;
  /** Where the kernel says it led, when the tracer shows that (an open descriptor). */
  readonly resolved?: ImagePath;
  /** `ENOENT` and so on for a failed call; absent for success. */
  readonly errno?: string;
  /** True for calls that do not follow a symbolic link in the last component. */
  readonly noFollow?: boolean;
  /** Name of the syscall as the tracer prints it. */
  readonly syscall: string;
  readonly pid: number;
  /** The program the process was running, as it was executed. */
  readonly executable?: ImagePath;
  /** `start`, a probe's id, or `stop`. */
  readonly phase: string;
  count: number;
}

/** What may be missing from a trace. */
export interface Completeness {
  readonly complete: boolean;
  /** Human sentences, empty when complete. */
  readonly losses: readonly string[];
  /** Things a reader should know that do not make the trace incomplete. */
  readonly notes: readonly string[];
  readonly lines: number;
  readonly unparsedLines: number;
  /** First few of the lines that could not be understood, as printed. */
  readonly unparsedSamples: readonly string[];
}

export interface Trace {
  readonly accesses: readonly Access[];
  readonly completeness: Completeness;
}
