import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import { isOwnerAlive, ownerMark } from './state.ts';

const POLL_MS = 25;
const DEADLINE_MS = 15 * 60 * 1000;

/**
 * Holds a lock between processes while it lives. The lock is a folder (mkdir is atomic everywhere); one whose owner has
 * died is taken over. Errors: TIMED_OUT when another live process holds it for a quarter of an hour.
 */
export async function holdLock(path: string, options: { signal: AbortSignal }): Promise<AsyncDisposable> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await tryLock(path))) {
    if (Date.now() > deadline) {
      throw new TraceSlimError('TIMED_OUT', `another process holds ${path}`, {
        hint: 'See which trace-slim is still running, or run `trace-slim clean`.',
      });
    }
    await delay(POLL_MS, undefined, { signal: options.signal });
  }
  return { [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function tryLock(path: string): Promise<boolean> {
  const owner = join(path, 'owner');
  try {
    await mkdir(path);
    await writeFile(owner, ownerMark(process.pid) ?? '');
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  if (!isOwnerAlive(owner)) await removeStale(path);
  return false;
}

/** Moves the lock of a dead owner aside before removing it: of several that wait, one gets to remove it. */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.new-${randomBytes(4).toString('hex')}`;
  await rename(path, aside).catch(() => {});
  await rm(aside, { recursive: true, force: true });
}
