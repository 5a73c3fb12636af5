import { PassThrough } from 'node:stream';
import type { Session } from '../../src/cli/session.ts';

/** What the commands call, to be faked in part. */
export type Pipeline = Awaited<ReturnType<Session['pipeline']>>;

/** A session without a process around it; `printed` holds what went to each stream. */
export interface FakeSession extends Session {
  readonly printed: { stdout: string; stderr: string };
  readonly stdin: PassThrough;
}

export function fakeSession(pipeline: Partial<Pipeline> = {}, env: NodeJS.ProcessEnv = {}): FakeSession {
  const printed = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    new PassThrough().on('data', (chunk) => {
      printed[name] += chunk;
    });
  return {
    version: '1.2.3',
    env,
    stdin: new PassThrough(),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    signal: new AbortController().signal,
    pipeline: async () => pipeline as Pipeline,
    printed,
  };
}
