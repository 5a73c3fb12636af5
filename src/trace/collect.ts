import type { Readable } from 'node:stream';
import type { ImagePath } from '../rootfs/path.ts';
import { AccessTable } from './access-table.ts';
import { Account } from './account.ts';
import { readLines } from './log-lines.ts';
import { LogReader } from './log-reader.ts';
import type { PhaseStart } from './phases.ts';
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
  /** The first process is a gate's: what happens before it becomes the application is left out. */
  readonly isGated?: boolean;
}

/** Reads the logs of a run, one after another, into one trace. */
export class TraceCollector {
  readonly #table = new AccessTable();
  readonly #account = new Account();
  /** Programs that were executed after becoming another user than root. */
  readonly executedByUsers = new Set<ImagePath>();

  /** Reads a log to its end, and tells whether its first process ended by itself there. Rejects only when its stream fails. */
  async addLog(log: StraceLog): Promise<{ hasExited: boolean }> {
    const reader = new LogReader(log, this.#table, this.#account);
    const parser = new StraceParser(reader);
    const { tailBytes, totalBytes } = await readLines(log.stream, (line, offset) => {
      reader.atOffset(offset);
      this.#account.lines++;
      parser.line(line);
    });
    parser.end();
    if (tailBytes > 0) this.#account.truncatedTails++;
    if (totalBytes === 0 || reader.isWaiting) this.#account.emptyLogs++;
    for (const path of reader.executedByUsers) this.executedByUsers.add(path);
    return { hasExited: reader.hasExited };
  }

  /** The trace of all logs. `losses` are those that the caller knows of. */
  finish(options: { losses?: readonly string[] } = {}): Trace {
    const { accesses, dropped } = this.#table;
    return { accesses, completeness: this.#account.completeness(dropped, options.losses ?? []) };
  }
}
