import type { Readable } from 'node:stream';
import { TraceSlimError } from '../errors.ts';

/**
 * Waits for the user: a line on `stdin`, or SIGUSR1.
 *
 * @throws USAGE_INVALID when standard input ends without a line
 */
export function waitForUser(
  kind: 'enter' | 'signal',
  { stdin, signal }: { stdin: Readable; signal: AbortSignal },
): Promise<void> {
  return kind === 'enter' ? waitForLine(stdin, signal) : waitForSignal(signal);
}

function waitForLine(stdin: Readable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      stdin.off('data', onData).off('end', onEnd).pause();
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onData = (chunk: Buffer | string) => {
      if (chunk.includes('\n')) settle(resolve);
    };
    const onEnd = () => settle(() => reject(noInput()));
    const onAbort = () => settle(() => reject(signal.reason));
    if (signal.aborted) return reject(signal.reason);
    if (stdin.readableEnded) return reject(noInput());
    signal.addEventListener('abort', onAbort);
    stdin.on('data', onData).on('end', onEnd).resume();
  });
}

function waitForSignal(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      process.off('SIGUSR1', onSignal);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onSignal = () => settle(resolve);
    const onAbort = () => settle(() => reject(signal.reason));
    if (signal.aborted) return reject(signal.reason);
    process.on('SIGUSR1', onSignal);
    signal.addEventListener('abort', onAbort);
  });
}

function noInput(): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', 'standard input ended before enter was pressed', {
    hint: 'use --continue-after=probe, a number of seconds, or signal when there is no terminal',
  });
}
