import type { Readable } from 'node:stream';
import type { ImagePath } from '../rootfs/path.ts';
import { AccessTable } from './access-table.ts';
import { Account } from './account.ts';
import { readLines } from './log-lines.ts';
import { LogReader, type UserProgram } from './log-reader.ts';
import type { PhaseStart } from './phases.ts';
import type { SeenAccess } from './strace-accesses.ts';
import { StraceParser } from './strace-parse.ts';
import type { Trace } from './trace.ts';

/** One log of strace, as written by the command of `straceCommand`. */
export interface StraceLog {
  readonly stream: Readable;
  /** From which byte on lines belong to which phase, ascending. At least one. */
  readonly phases: readonly PhaseStart[];
  /** Accesses at or below this path are the toolkit's own and left out. */
  readonly prefix: ImagePath;
  /** What programs below this path do is left out, except that they execute others. */
  readonly shim: ImagePath;
  /** Working directory of the first process. */
  readonly cwd: ImagePath;
  /** It was started in that directory because somebody asked for it: a use of it that no line shows. */
  readonly usesCwd?: boolean;
  /** As whom the first process runs. */
  readonly uid: number;
  /** The first process is a gate's: what happens before it becomes the application is left out. */
  readonly isGated?: boolean;
}

/** Reads the logs of a run, one after another, into one trace. */
export class TraceCollector {
  readonly #table = new AccessTable();
  readonly #account = new Account();
  readonly #executedByUsers = new Map<string, UserProgram>();

  /** Reads a log to its end, and tells whether its first process ended by itself there. Rejects only when its stream fails. */
  async addLog(log: StraceLog): Promise<{ hasExited: boolean }> {
    const reader = new LogReader(log, this.#table, this.#account);
    const parser = new StraceParser(reader);
    if (log.usesCwd) reader.onAccess(useOf(log.cwd));
    const { tailBytes, totalBytes } = await readLines(log.stream, (line, offset) => {
      reader.atOffset(offset);
      this.#account.lines++;
      parser.line(line);
    });
    parser.end();
    if (tailBytes > 0) this.#account.truncatedTails++;
    if (totalBytes === 0 || reader.isWaiting) this.#account.emptyLogs++;
    for (const [key, program] of reader.executedByUsers) this.#executedByUsers.set(key, program);
    return { hasExited: reader.hasExited };
  }

  /** What users other than root have executed, each once. */
  get executedByUsers(): readonly UserProgram[] {
    return [...this.#executedByUsers.values()];
  }

  /** The trace of all logs. `losses` are those that the caller knows of. */
  finish(options: { losses?: readonly string[] } = {}): Trace {
    const { accesses, dropped } = this.#table;
    return { accesses, completeness: this.#account.completeness(dropped, options.losses ?? []) };
  }
}

function useOf(cwd: ImagePath): SeenAccess {
  const unknown = { resolved: undefined, errno: undefined, executable: undefined };
  return { operation: 'directory', asked: cwd, noFollow: false, syscall: 'chdir', pid: 0, ...unknown };
}
