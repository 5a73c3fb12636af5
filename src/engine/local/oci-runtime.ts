import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TraceSlimError } from '../../errors.ts';
import { commandFailed, hostPath, runCommand } from './command.ts';
import { closeQuietly, OutputCollector, openOutputPipes } from './pipes.ts';

/** Output beyond this is cut, per stream. */
const OUTPUT_MAX_BYTES = 16 << 20;

/** How long output may still arrive after its process has ended: a process left in the background may hold the pipe. */
const DRAIN_MS = 200;

/** A process started by the runtime, in a container. */
export interface ContainerProcess {
  /** Pid on this host, once the runtime has told it. */
  readonly pid: Promise<number>;
  readonly output: OutputCollector;
  /** Exit status as a shell gives it, after the output has arrived. Rejects when the runtime could not start it. */
  readonly ended: Promise<number>;
}

export interface RuntimeCallOptions {
  /** A folder of this call alone. */
  readonly directory: string;
  /** Name that the call's files start with. */
  readonly name: string;
  readonly stdin?: Buffer | string;
  /** What was being done, for error messages. */
  readonly doing: string;
}

/** `runc` or `crun`: both speak the same command line. State lives in a folder of this run alone. */
export class OciRuntime {
  readonly #program: string;
  readonly #root: string;

  constructor(program: string, root: string) {
    this.#program = program;
    this.#root = root;
  }

  get name(): string {
    return basename(this.#program);
  }

  /** `run` or `exec` in the foreground; `args` come after the common options. */
  async start(verb: 'run' | 'exec', args: readonly string[], options: RuntimeCallOptions): Promise<ContainerProcess> {
    const file = (suffix: string) => join(options.directory, `${options.name}.${suffix}`);
    const pidFile = file('pid');
    const logFile = file('log');
    const stdin = await openStdin(file('stdin'), options.stdin);
    const [stdout, stderr] = await openOutputPipes(options.directory, [
      `${options.name}.stdout`,
      `${options.name}.stderr`,
    ]);
    if (!stdout || !stderr) throw new Error('two pipes were asked for');
    const child = spawn(
      this.#program,
      ['--root', this.#root, '--log', logFile, '--log-format', 'json', verb, '--pid-file', pidFile, ...args],
      { stdio: [stdin, stdout.writeFd, stderr.writeFd], detached: true, env: { PATH: hostPath() } },
    );
    for (const fd of [stdin, stdout.writeFd, stderr.writeFd]) closeQuietly(fd);
    const output = new OutputCollector(OUTPUT_MAX_BYTES);
    const drained = Promise.all([output.collect(0, stdout.stream), output.collect(1, stderr.stream)]);
    const exited = exitOf(child);
    const ended = exited.then(async ({ status, errno }) => {
      await Promise.race([drained, delay(DRAIN_MS)]);
      stdout.stream.destroy();
      stderr.stream.destroy();
      const complaint = runtimeComplaint(logFile);
      if (errno || complaint) throw commandFailed(this.name, errno, complaint ?? '', options.doing);
      return status;
    });
    ended.catch(() => {});
    return { pid: pidFrom(pidFile, exited), output, ended };
  }

  /** Kills what is left of a container and forgets it. */
  async delete(id: string): Promise<void> {
    await runCommand(this.#program, ['--root', this.#root, 'delete', '--force', id], {
      doing: `removing container ${id}`,
    });
  }
}

async function openStdin(file: string, content: Buffer | string | undefined): Promise<number> {
  if (content === undefined) return openSync('/dev/null', 'r');
  await writeFile(file, content, { mode: 0o600 });
  return openSync(file, 'r');
}

function exitOf(child: ChildProcess): Promise<{ status: number; errno?: string }> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ status: 1, errno: error.code ?? 'EIO' }));
    child.once('exit', (status) => resolve({ status: status ?? 137 }));
  });
}

const PID_POLL_MS = 2;

/** The runtime writes the pid file when the process is about to run; the call may also fail before that. */
async function pidFrom(file: string, exited: Promise<unknown>): Promise<number> {
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  for (;;) {
    const wasOver = isOver;
    const pid = Number.parseInt(readIfThere(file), 10);
    if (pid > 0) return pid;
    if (wasOver) throw new TraceSlimError('ENGINE_FAILED', 'the container runtime ended without starting the process');
    await delay(PID_POLL_MS);
  }
}

/** The runtime's own error messages, kept apart from what the container's process prints. */
function runtimeComplaint(logFile: string): string | undefined {
  const errors = readIfThere(logFile)
    .split('\n')
    .filter((line) => line.includes('"level":"error"') || line.includes('"level": "error"'))
    .map((line) => /"msg": ?"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line);
  return errors.at(-1);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
