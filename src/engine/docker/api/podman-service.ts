import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TraceSlimError } from '../../../errors.ts';
import { type SocketProvider, withLastWords } from './socket-provider.ts';

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/**
 * Runs Podman's service in the folder `$0`. Standard input is its lifeline: it ends when this process does, however that
 * happens, and takes the folder along.
 */
const SCRIPT = `
exec 3<&0
podman system service --time=0 "unix://$0/podman.sock" 3<&- &
service=$!
{ cat <&3; kill $service; } >/dev/null 2>&1 &
wait $service
status=$?
rm -rf -- "$0"
exit $status`;

/**
 * Starts Podman's API service for this run, on a socket of its own. Errors: TOOL_MISSING without podman,
 * ENGINE_UNAVAILABLE when it does not come up.
 */
export async function startPodmanService({ signal }: { signal: AbortSignal }): Promise<SocketProvider> {
  const folder = await mkdtemp(join(tmpdir(), 'trace-slim-'));
  const socketPath = join(folder, 'podman.sock');
  // Not in our process group: Ctrl-C is ours to handle, and containers are removed through this service.
  const child = spawn('sh', ['-c', SCRIPT, folder], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  const lastWords = withLastWords(child.stderr);
  child.stdin.on('error', () => {});
  let status: number | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', (code) => {
      status = code ?? 128;
      child.stdin.destroy();
      resolve();
    });
  });
  const close = async () => {
    child.stdin.destroy();
    const isEnded = await Promise.race([ended.then(() => true), delay(STOP_TIMEOUT_MS, false, { ref: false })]);
    if (!isEnded && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await isThere(socketPath))) {
      signal.throwIfAborted();
      if (status !== undefined || performance.now() > deadline) throw notStarted(status, lastWords());
      await Promise.race([ended, delay(POLL_MS)]);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { socketPath, complaint: lastWords, close };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
}

const NOT_FOUND_STATUS = 127;

function notStarted(status: number | undefined, complaint: string): TraceSlimError {
  if (status === NOT_FOUND_STATUS) return new TraceSlimError('TOOL_MISSING', 'podman is not installed');
  return new TraceSlimError(
    'ENGINE_UNAVAILABLE',
    `podman system service did not start: ${complaint || 'no reason given'}`,
    {
      hint: 'Run `podman info` to see what is wrong.',
    },
  );
}
