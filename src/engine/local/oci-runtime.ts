import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TraceSlimError } from '../../errors.ts';
import { commandFailed, hostPath, runCommand } from '../host/command.ts';
import { OUTPUT_MAX_BYTES, OutputCollector } from '../host/output-collector.ts';
import { closeQuietly, openIdleInput, openOutputPipes } from '../host/pipes.ts';
import { TERMINAL_SIZE } from './runtime-spec.ts';

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
  /** Standard input stays open, and empty. */
  readonly holdsStdin?: boolean;
  /** The process gets a terminal of its own, and its output is one stream. */
  readonly terminal?: boolean;
  /** Gives up waiting for whoever holds the output of a process that was killed. */
  readonly signal?: AbortSignal;
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

  /** Runs a container in the foreground: this call lasts as long as its first process. */
  async run(id: string, bundle: string, options: RuntimeCallOptions): Promise<ContainerProcess> {
    const { exited, pid, output, drained, complaint } = await this.#call('run', ['--bundle', bundle, id], options);
    const ended = exited.then(async ({ status, errno }) => {
      await drained();
      if (errno || complaint()) throw commandFailed(this.name, errno, complaint() ?? '', options.doing);
      return status;
    });
    ended.catch(() => {});
    return { pid, output, ended };
  }

  /**
   * Starts one more process in a container. The runtime waits for everybody who holds its output, and so for whatever the
   * process leaves in the background; `status` therefore tells the exit status as soon as the process itself has ended.
   */
  async exec(
    id: string,
    specFile: string,
    status: () => Promise<number | undefined>,
    options: RuntimeCallOptions,
  ): Promise<ContainerProcess> {
    const { child, exited, pid, output, drained, complaint } = await this.#call(
      'exec',
      ['--process', specFile, id],
      options,
    );
    let isOver = false;
    void exited.then(() => {
      isOver = true;
    });
    const ended = (async () => {
      const exitStatus = await firstOf(status, () => isOver || options.signal?.aborted === true);
      await Promise.race([exited, delay(DRAIN_MS)]);
      // What is left in the background belongs to the container's first process from here on.
      if (!isOver) child.kill('SIGKILL');
      const { status: runtimeStatus, errno } = await exited;
      await drained();
      if (errno || complaint()) throw commandFailed(this.name, errno, complaint() ?? '', options.doing);
      return exitStatus ?? runtimeStatus;
    })();
    ended.catch(() => {});
    return { pid, output, ended };
  }

  async #call(verb: 'run' | 'exec', args: readonly string[], options: RuntimeCallOptions): Promise<RuntimeCall> {
    const file = (suffix: string) => join(options.directory, `${options.name}.${suffix}`);
    const pidFile = file('pid');
    const logFile = file('log');
    const stdin = options.holdsStdin
      ? await openIdleInput(file('stdin'))
      : await openStdin(file('stdin'), options.stdin);
    const [stdout, stderr] = await openOutputPipes(options.directory, [
      `${options.name}.stdout`,
      `${options.name}.stderr`,
    ]);
    if (!stdout || !stderr) throw new Error('two pipes were asked for');
    const global = ['--root', this.#root, '--log', logFile, '--log-format', 'json'];
    const command = [this.#program, ...global, verb, '--pid-file', pidFile, ...args];
    const [program = '', ...words] = options.terminal ? inTerminal(command) : command;
    const stdio = [stdin, stdout.writeFd, stderr.writeFd];
    const child = spawn(program, words, { stdio, detached: true, env: { PATH: hostPath() } });
    for (const fd of [stdin, stdout.writeFd, stderr.writeFd]) closeQuietly(fd);
    const output = new OutputCollector(OUTPUT_MAX_BYTES);
    const collected = Promise.all([output.collect(0, stdout.stream), output.collect(1, stderr.stream)]);
    const drained = async () => {
      await Promise.race([collected, delay(DRAIN_MS)]);
      stdout.stream.destroy();
      stderr.stream.destroy();
    };
    const exited = exitOf(child);
    const pid = pidFrom(pidFile, exited);
    // Who only waits for the end is told there.
    pid.catch(() => {});
    return {
      child,
      exited,
      pid,
      output,
      drained,
      complaint: () => runtimeComplaint(logFile),
    };
  }

  /** Kills what is left of a container and forgets it. */
  async delete(id: string): Promise<void> {
    await runCommand(this.#program, ['--root', this.#root, 'delete', '--force', id], {
      doing: `removing container ${id}`,
    });
  }
}

interface RuntimeCall {
  readonly child: ChildProcess;
  /** The end of the runtime's own process. */
  readonly exited: Promise<{ status: number; errno?: string }>;
  readonly pid: Promise<number>;
  readonly output: OutputCollector;
  /** Reads what is left of the output. */
  readonly drained: () => Promise<void>;
  /** What the runtime itself has to say. */
  readonly complaint: () => string | undefined;
}

/** The runtime passes on what its own terminal shows, and how large that is; script(1) makes one. */
function inTerminal(command: readonly string[]): string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return [
    'script',
    '--quiet',
    '--flush',
    '--return',
    '--command',
    `stty rows ${TERMINAL_SIZE.height} cols ${TERMINAL_SIZE.width}; exec ${quoted.join(' ')}`,
    '/dev/null',
  ];
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

const STATUS_POLL_MS = 3;

/** What `status` gives first; undefined when the call is over before. */
async function firstOf<T>(status: () => Promise<T | undefined>, isOver: () => boolean): Promise<T | undefined> {
  for (;;) {
    const wasOver = isOver();
    const found = await status();
    if (found !== undefined || wasOver) return found;
    await delay(STATUS_POLL_MS);
  }
}

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
