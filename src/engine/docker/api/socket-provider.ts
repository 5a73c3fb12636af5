import type { Readable } from 'node:stream';

/** Something that makes a unix socket of this host lead to a daemon. */
export interface SocketProvider {
  readonly socketPath: string;
  /** What a program on the way has complained about; empty when nothing. */
  complaint(): string;
  close(): Promise<void>;
}

const KEPT_CHARACTERS = 4096;

/** Reads what a program complains about. Gives a function for its last line that says something else than `noReason`. */
export function withLastWords(stderr: Readable, noReason?: RegExp): () => string {
  let text = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEPT_CHARACTERS);
  });
  stderr.on('error', () => {});
  return () => {
    const lines = text.split('\n').map((line) => line.trim());
    return lines.findLast((line) => line !== '' && !noReason?.test(line)) ?? '';
  };
}
