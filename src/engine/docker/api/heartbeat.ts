import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { TraceSlimError } from '../../../errors.ts';
import { asked } from './errors.ts';
import { patienceMs } from './patience.ts';

const MOST_BETWEEN_MS = 10_000;
/** Timers may be that early. */
const TIMER_MS = 5;

/**
 * Asks a daemon again and again whether it is there, as streams and what waits for a container are silent for long, also
 * when nothing will ever come any more. `lose` is called once, when it has not answered for too long. The disposal ends it.
 */
export function watchDaemon(docker: Docker, address: string, lose: (reason: TraceSlimError) => void): Disposable {
  const controller = new AbortController();
  void beat(docker, controller.signal).then((silentMs) => {
    if (silentMs !== undefined) lose(lost(address, silentMs));
  });
  return { [Symbol.dispose]: () => controller.abort() };
}

/** Milliseconds without an answer, once that is too long; undefined when aborted. */
async function beat(docker: Docker, signal: AbortSignal): Promise<number | undefined> {
  const timeoutMs = patienceMs();
  const betweenMs = Math.min(MOST_BETWEEN_MS, timeoutMs / 4);
  let answeredAt = performance.now();
  for (;;) {
    await delay(betweenMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return undefined;
    const leftMs = Math.max(0, answeredAt + timeoutMs - performance.now());
    const isThere = await asked(docker.ping(), 'looking for the daemon', { timeoutMs: leftMs, signal }).then(
      () => true,
      () => false,
    );
    const now = performance.now();
    if (isThere) answeredAt = now;
    else if (now - answeredAt >= timeoutMs - TIMER_MS) return timeoutMs;
  }
}

function lost(address: string, silentMs: number): TraceSlimError {
  return new TraceSlimError(
    'ENGINE_UNAVAILABLE',
    `the daemon at ${address} does not answer any more: nothing for ${silentMs / 1000} s`,
    {
      hint: 'See whether it hangs, or the connection swallows packets (VPN, firewall). Then `trace-slim clean` removes what was left there.',
    },
  );
}
