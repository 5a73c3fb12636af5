import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { ExecResult } from '../../engine/types.ts';
import { errnoOf, TraceSlimError } from '../../errors.ts';

export interface HostCommand {
  /** A line for `/bin/sh`, or a program and its arguments. */
  readonly command: string | readonly string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: string;
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs a command on this host. What it leaves behind is killed at its end, all of it when the signal aborts; then it
 * rejects. Never two at once: nobody writes test suites for that. Errors: CONFIG_INVALID when it cannot be started.
 */
export function runOnHost(command: HostCommand, signal: AbortSignal): Promise<ExecResult> {
  const result = previous.then(() => run(command, signal));
  previous = result.catch(() => {});
  return result;
}

async function run({ command, folder, env, stdin }: HostCommand, signal: AbortSignal): Promise<ExecResult> {
  signal.throwIfAborted();
  const [program = '', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  // A process group of its own, so that what it leaves behind can be killed.
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: 'pipe' });
  const killAll = () => killGroup(child);
  signal.addEventListener('abort', killAll, { once: true });
  child.once('exit', killAll);
  child.once('exit', () => setTimeout(() => closeOutput(child), DRAIN_MS).unref());
  child.stdin.on('error', () => {}).end(stdin);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  try {
    const exitStatus = await endOf(child);
    signal.throwIfAborted();
    return { exitStatus, stdout: stdout.bytes(), stderr: stderr.bytes(), truncated: stdout.isCut() || stderr.isCut() };
  } catch (error) {
    signal.throwIfAborted();
    const why = `${program} cannot be run on this host in ${folder} (${errnoOf(error) ?? 'unknown error'})`;
    throw new TraceSlimError('CONFIG_INVALID', why, {
      hint: 'Commands of a probe file are run in its folder.',
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', killAll);
  }
}

/** As a shell gives it. */
function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

/** Something that left the process group may hold the output open for ever. What was printed is read by then. */
const DRAIN_MS = 2000;

function closeOutput({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

function collect(stream: Readable): { bytes(): Buffer; isCut(): boolean } {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_OUTPUT_BYTES) chunks.push(chunk);
  });
  return { bytes: () => Buffer.concat(chunks), isCut: () => length > MAX_OUTPUT_BYTES };
}
