import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What the commands call. */
type Pipeline = Pick<
  typeof import('../pipeline.ts'),
  'buildSlim' | 'traceImage' | 'verifyImages' | 'listPaths' | 'starterProbes' | 'cleanLeftovers' | 'diagnose'
>;

/** The world around one invocation of the program. */
export interface Session {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Loads the pipeline when a command needs it, so that `--help` need not wait for it. */
  pipeline(): Promise<Pipeline>;
}
