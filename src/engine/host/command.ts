import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { TraceSlimError } from '../../errors.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** What was being done, for the error message: `mounting the image`. */
  readonly doing: string;
}

/** Which Debian package brings a program, for hints. */
export const PACKAGE_OF: Readonly<Record<string, string>> = {
  runc: 'runc',
  crun: 'crun',
  strace: 'strace',
  tar: 'tar',
  find: 'findutils',
  mount: 'mount',
  umount: 'mount',
  nsenter: 'util-linux',
  socat: 'socat',
  mkfifo: 'coreutils',
  cp: 'coreutils',
  script: 'bsdutils',
};

/**
 * Runs a program of the host to its end. Errors: TOOL_MISSING, PERMISSION_DENIED, DISK_FULL, ENGINE_FAILED with the
 * first reason the program gave.
 */
export async function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { LC_ALL: 'C', PATH: hostPath() },
    // Not in our process group: Ctrl-C is ours to handle.
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const ended = new Promise<{ status: number | null; errno?: string }>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ status: null, errno: error.code ?? 'EIO' }));
    child.once('close', (status) => resolve({ status }));
  });
  const [stdout, stderr, { status, errno }] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  options.signal?.throwIfAborted();
  if (status !== 0) throw commandFailed(program, errno, stderr, options.doing);
  return stdout;
}

/** `PATH` with the folders of administrators' programs, which a plain user's may lack. */
export function hostPath(): string {
  return `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;
}

/** What GNU tar says when only a part of its last block found room, and what everybody says. */
const NO_SPACE = /no space left on device|disk quota exceeded|wrote only \d+ of \d+ bytes/i;

/** Lines that programs add to their reason. */
const NO_REASON = /dmesg\(1\) may have more information|exiting with failure status due to previous errors/i;

/** The error of a program that could not be started (`errno` set) or that ended badly. */
export function commandFailed(
  program: string,
  errno: string | undefined,
  stderr: string,
  doing: string,
): TraceSlimError {
  if (errno === 'ENOENT' || errno === 'EACCES') {
    const obstacle = errno === 'ENOENT' ? 'is not installed' : 'may not be run';
    return new TraceSlimError('TOOL_MISSING', `${doing} needs the program ${program}, which ${obstacle}`, {
      hint: `Install it: apt-get install ${PACKAGE_OF[program] ?? program}`,
    });
  }
  const complaint = stderr.split('\n').find((line) => line.trim() !== '' && !NO_REASON.test(line)) ?? '';
  const details = { context: { program, stderr: stderr.slice(-2000) } };
  if (NO_SPACE.test(stderr)) {
    return new TraceSlimError('DISK_FULL', `${doing} failed: no space left on device`, {
      hint: 'Free some space, run `trace-slim clean --cache`, or point TRACE_SLIM_HOME at a larger disk.',
      ...details,
    });
  }
  if (/permission denied|operation not permitted|must be superuser|must be root/i.test(stderr)) {
    return new TraceSlimError('PERMISSION_DENIED', `${doing} failed: ${complaint.trim()}`, {
      hint: 'Run as root; inside a container the built-in engine needs --privileged. `trace-slim doctor` shows what this host can do.',
      ...details,
    });
  }
  return new TraceSlimError('ENGINE_FAILED', `${doing} failed: ${complaint.trim() || `${program} ended badly`}`, {
    hint: 'Run `trace-slim doctor` to see what this host can do.',
    ...details,
  });
}
