import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Exec } from 'dockerode';
import { OUTPUT_MAX_BYTES, OutputCollector } from '../host/output-collector.ts';
import type { ExecResult } from '../types.ts';
import { asked, daemonError } from './api/errors.ts';
import { readFrames } from './api/frames.ts';

export interface DaemonExec {
  readonly command: readonly string[];
  readonly env?: readonly string[] | undefined;
  /** Absent: the container's own user. */
  readonly user?: string | undefined;
  readonly workingDirectory?: string | undefined;
  readonly stdin?: Buffer | string | undefined;
}

/** A command that was started in a container. Its streams are the caller's. */
export interface StartedExec {
  readonly exec: Exec;
  /** Writes go to standard input; ending it closes that. What is read are frames. */
  readonly stream: Duplex;
}

/** The daemon is asked this often whether a command has ended whose output somebody else still holds open. */
const INSPECT_MS = 250;
/** What was printed before the end has arrived by then. */
const DRAIN_MS = 200;

/** Starts a command with all three streams attached. Errors: ENGINE_FAILED and the like. */
export async function startExec(container: Container, options: DaemonExec): Promise<StartedExec> {
  const { command, env, user, workingDirectory } = options;
  const exec = await asked(
    container.exec({
      Cmd: [...command],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      ...(env ? { Env: [...env] } : {}),
      ...(user === undefined ? {} : { User: user }),
      ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory }),
    }),
    'executing a command in the container',
  );
  const stream = await asked(exec.start({ hijack: true, stdin: true }), 'executing a command in the container');
  return { exec, stream };
}

/** Runs a command to its end. Processes it leaves in the background are not waited for. */
export async function runExec(
  container: Container,
  options: DaemonExec,
  { signal }: { signal: AbortSignal },
): Promise<ExecResult> {
  const { exec, stream } = await startExec(container, options);
  const abort = () => stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    stream.on('error', () => {});
    stream.end(options.stdin ?? '');
    const output = new OutputCollector(OUTPUT_MAX_BYTES);
    const read = readInto(output, stream);
    const exitStatus = await untilEnded(exec, read, signal);
    await Promise.race([read, delay(DRAIN_MS)]);
    signal.throwIfAborted();
    return { exitStatus, stdout: output.of(0), stderr: output.of(1), truncated: output.truncated };
  } finally {
    signal.removeEventListener('abort', abort);
    stream.destroy();
  }
}

/** Collects frames until the stream ends, or is cut by the end of its container. */
export async function readInto(output: OutputCollector, stream: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const { channel, data } of readFrames(stream)) output.add(channel === 'stdout' ? 0 : 1, data);
  } catch {
    // That a stream was cut shows in the state of what wrote to it.
  }
}

async function untilEnded(exec: Exec, read: Promise<void>, signal: AbortSignal): Promise<number> {
  for (let isRead = false; ; ) {
    const timer = new AbortController();
    const tick = delay(INSPECT_MS, false, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => isRead);
    isRead = await Promise.race([read.then(() => true), tick]);
    timer.abort();
    signal.throwIfAborted();
    const { Running, ExitCode } = await inspect(exec, signal);
    if (!Running) return ExitCode ?? KILLED;
    // The end of the output is known a moment before the end of the process.
    if (isRead) await delay(SETTLE_MS, undefined, { signal });
  }
}

const SETTLE_MS = 5;
/** As a shell gives SIGKILL: a container that ends takes its commands along. */
const KILLED = 137;

async function inspect(exec: Exec, signal: AbortSignal): Promise<{ Running: boolean; ExitCode: number | null }> {
  try {
    return await asked(exec.inspect(), 'asking for the state of a command', { signal });
  } catch (error) {
    signal.throwIfAborted();
    const failure = daemonError(error, 'asking for the state of a command');
    // With its container a daemon forgets the command.
    if (failure.context.status === 404) return { Running: false, ExitCode: null };
    throw failure;
  }
}
