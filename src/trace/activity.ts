import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from '../engine/types.ts';

const POLL_MS = 20;

/**
 * Waits until a container has ended, or has touched no file for `quietMs`, or `deadlineMs` have passed. True when it has
 * ended.
 */
export async function untilQuiet(
  container: Container,
  options: { quietMs: number; deadlineMs: number; signal: AbortSignal },
): Promise<boolean> {
  const startedAt = performance.now();
  let quietSince = startedAt;
  let lastSize = -1;
  for (;;) {
    if (container.result()) return true;
    const now = performance.now();
    const size = await totalLogSize(container);
    if (size !== lastSize) quietSince = now;
    lastSize = size;
    if (now - quietSince >= options.quietMs || now - startedAt >= options.deadlineMs) return false;
    await delay(POLL_MS, undefined, { signal: options.signal });
  }
}

async function totalLogSize(container: Container): Promise<number> {
  const sizes = await Promise.all((await container.logNames()).map((name) => container.logSize(name)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
