import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;
const PAUSE_GROWTH = 1.5;

/**
 * Calls `attempt` until it returns something, with pauses that grow from 10 ms to 200 ms. Undefined when `timeoutMs` have
 * passed without a result; the first attempt is always made. Rejects with the signal's reason when aborted.
 */
export async function poll<T>(
  attempt: () => Promise<T | undefined>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    const found = await attempt();
    if (found !== undefined) return found;
    const leftMs = end - performance.now();
    if (leftMs <= 0) return undefined;
    await pause(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
