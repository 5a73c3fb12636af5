import { startDeadline } from '../deadline.ts';
import { failureText } from './socket.ts';

/** How long something may take, and what ends it early. */
export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a conversation with a server under a deadline. Gives why it failed, when it did and the server or the time is to
 * blame; rejects with the signal's reason, and with what is an error of this program.
 */
export async function attempt(
  { timeoutMs, signal }: Limits,
  converse: (signal: AbortSignal) => Promise<void>,
): Promise<string | undefined> {
  using deadline = startDeadline(signal, timeoutMs);
  try {
    await converse(deadline.signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.expired()) return `not done within ${timeoutMs / 1000} s`;
    const text = failureText(error);
    if (text === undefined) throw error;
    return text;
  }
}
