import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { asked, daemonError } from './api/errors.ts';
import { readNdjson } from './api/ndjson.ts';

const DOING = 'waiting for the container to end';

/** The status that a container will end with. */
export interface AwaitedExit {
  /** Rejects when the daemon cannot tell any more: ENGINE_UNAVAILABLE, ENGINE_FAILED. */
  readonly status: Promise<number>;
}

/**
 * Begins to wait for a container that is about to be started. The daemon begins its answer at once and may be gone before
 * it ends it, so the answer is read as it comes.
 */
export async function awaitExit({ modem, id }: Container): Promise<AwaitedExit> {
  const answer = await new Promise<Readable>((resolve, reject) => {
    const options = {
      path: `/containers/${id}/wait?`,
      options: { _query: { condition: 'next-exit' }, _body: {} },
      method: 'POST',
      isStream: true,
      statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
    };
    modem.dial(options, (error: unknown, stream: unknown) => {
      if (error) reject(daemonError(error, DOING));
      else resolve(stream as Readable);
    });
  });
  const status = statusIn(answer);
  status.catch(() => {});
  return { status };
}

async function statusIn(answer: Readable): Promise<number> {
  for await (const { StatusCode } of readNdjson(answer, DOING)) if (typeof StatusCode === 'number') return StatusCode;
  throw daemonError(new Error('the daemon has given no status'), DOING);
}

/** A removal kills first, and is known a moment later. */
const REMOVAL_MS = 500;
const POLL_MS = 50;
const KILLED = 137;

/**
 * Whether a container that nobody here has stopped was ended for lack of memory. Errors: ENGINE_FAILED when somebody else
 * has removed it.
 */
export async function wasOutOfMemory(container: Container, exitStatus: number): Promise<boolean> {
  const deadline = performance.now() + (exitStatus === KILLED ? REMOVAL_MS : 0);
  for (;;) {
    const { OOMKilled, Status } = await stateOf(container);
    if (Status === 'removing') throw removed();
    if (OOMKilled || performance.now() >= deadline) return OOMKilled;
    await delay(POLL_MS);
  }
}

async function stateOf(container: Container): Promise<{ OOMKilled: boolean; Status: string }> {
  try {
    return (await asked(container.inspect(), 'looking at the container')).State;
  } catch (error) {
    if (error instanceof TraceSlimError && error.context.status === 404) throw removed();
    throw error;
  }
}

function removed(): TraceSlimError {
  return new TraceSlimError('ENGINE_FAILED', 'somebody else has removed the container while it ran', {
    hint: 'Keep other programs from removing containers while trace-slim runs, and run it again.',
  });
}
