import type { Readable, Writable } from 'node:stream';
import type { Pipeline } from './pipeline-port.ts';

/** A stream that may be a terminal. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The world around one invocation of the program. */
export interface Session {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  pipeline(): Promise<Pipeline>;
}
