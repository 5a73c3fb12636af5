import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { RuntimeConfig } from '../../image/types.ts';
import type { Identity } from '../../rootfs/identity.ts';
import type { ContainerSettings } from '../../settings.ts';
import type { ContainerView } from '../container-view.ts';
import { hostView } from '../host/host-view.ts';
import type { LogFolder } from '../host/log-folder.ts';
import { signalNumber } from '../host/signals.ts';
import type { Container, Endpoint, ExecResult, ExecSpec, Listener, ToolkitPaths } from '../types.ts';
import type { ContainerProcess, OciRuntime } from './oci-runtime.ts';
import { processSpec } from './runtime-spec.ts';

export interface LocalContainerParts {
  readonly id: string;
  readonly runtime: OciRuntime;
  readonly process: ContainerProcess;
  /** The toolkit for programs of a user. */
  readonly toolkitOf: (identity: Identity) => ToolkitPaths;
  /** Folder on this host for files of this container. */
  readonly directory: string;
  /** What the container sees as `toolkit.logs`. */
  readonly logs: LogFolder;
  /** Its own user. */
  readonly identity: Identity;
  /** Looks up another one. Errors: USER_NOT_FOUND. */
  readonly identify: (user: string) => Promise<Identity>;
  readonly config: RuntimeConfig;
  readonly env: readonly string[];
  readonly settings: ContainerSettings;
  readonly network: 'none' | 'host';
  /** Undoes the mounts; called once the container is gone. */
  readonly release: () => Promise<void>;
}

/** What {@link processSpec} gives root is what a tracer is allowed. */
const ROOT: Identity = { uid: 0, gid: 0, additionalGids: [], home: '/root' };

const GONE_POLL_MS = 5;
const KILL_DEADLINE_MS = 10_000;

/** A container of the local engine: the processes below one foreground `runc run`. */
export class LocalContainer implements Container {
  readonly id: string;
  readonly toolkit: ToolkitPaths;
  readonly ended: Promise<ExecResult>;
  readonly #parts: LocalContainerParts;
  readonly #logs: LogFolder;
  readonly #pid: number;
  readonly #view: ContainerView;
  #result: ExecResult | undefined;
  #failure: unknown;
  #execs = 0;

  private constructor(parts: LocalContainerParts, pid: number) {
    this.id = parts.id;
    this.toolkit = parts.toolkitOf(parts.identity);
    this.#parts = parts;
    this.#logs = parts.logs;
    this.#pid = pid;
    const isHostNetwork = parts.network === 'host';
    this.#view = hostView(pid, { directory: join(parts.directory, 'ports'), isHostNetwork });
    this.ended = parts.process.ended.then(
      (status) => this.#settle(status),
      (error: unknown) => {
        this.#failure = error;
        return this.#settle(1);
      },
    );
  }

  /** Waits until the runtime has started the first process. Errors: ENGINE_FAILED and its like, with the runtime's words. */
  static async started(parts: LocalContainerParts): Promise<LocalContainer> {
    let pid: number;
    try {
      pid = await parts.process.pid;
    } catch (error) {
      // The runtime's own message says more than the missing pid.
      await parts.process.ended;
      throw error;
    }
    return new LocalContainer(parts, pid);
  }

  result(): ExecResult | undefined {
    return this.#result;
  }

  output(maxBytes: number): string {
    return this.#parts.process.output.tail(maxBytes);
  }

  async exec(spec: ExecSpec, options: { signal: AbortSignal }): Promise<ExecResult> {
    const { directory, runtime, settings, toolkitOf } = this.#parts;
    const whose = await this.#whose(spec);
    const name = `exec-${++this.#execs}`;
    const specFile = join(directory, `${name}.json`);
    const env = [...this.#parts.env, ...(spec.env ?? [])];
    const command = this.#reportingStatus(name, spec.command(toolkitOf(whose.identity)));
    await writeFile(specFile, JSON.stringify(processSpec({ ...whose, env, command, settings })));
    const process = await runtime.exec(this.id, specFile, () => this.#statusOf(name), {
      directory,
      name,
      doing: 'executing a command in the container',
      signal: options.signal,
      ...(spec.stdin === undefined ? {} : { stdin: spec.stdin }),
    });
    // The process leads a group of its own: what it has started in the foreground ends with it.
    const kill = () => void process.pid.then((pid) => sendSignal(-pid, 'SIGKILL')).catch(() => {});
    options.signal.addEventListener('abort', kill, { once: true });
    if (options.signal.aborted) kill();
    try {
      return resultOf(await process.ended, process);
    } finally {
      options.signal.removeEventListener('abort', kill);
      options.signal.throwIfAborted();
    }
  }

  /** As whom and where something is executed. */
  async #whose(spec: ExecSpec): Promise<{ config: RuntimeConfig; identity: Identity }> {
    const { config, identity, identify } = this.#parts;
    if (spec.asTracer) return { config: { ...config, WorkingDir: '/' }, identity: ROOT };
    const { user, workingDirectory = config.WorkingDir } = spec;
    return {
      config: { ...config, ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory }) },
      identity: user === undefined ? identity : await identify(user),
    };
  }

  /** The command with a shell of the toolkit above it that leaves its exit status among the logs. */
  #reportingStatus(name: string, command: readonly string[]): string[] {
    const { launcher, sh, logs } = this.toolkit;
    return [...launcher, sh, '-c', `"$@"; echo $? > ${logs}/.${name}.status`, 'sh', ...command];
  }

  async #statusOf(name: string): Promise<number | undefined> {
    const log = `.${name}.status`;
    if ((await this.logSize(log)) === 0) return undefined;
    const status = Number.parseInt((await firstBytes(this.openLog(log), STATUS_MAX_BYTES)).toString('latin1'), 10);
    return Number.isInteger(status) ? status & 0xff : undefined;
  }

  isListening(listener: Listener): Promise<boolean> {
    return this.#view.isListening(listener);
  }

  endpoint(listener: Listener): Promise<Endpoint> {
    return this.#view.endpoint(listener);
  }

  isTraced(): Promise<boolean> {
    return this.#view.isTraced();
  }

  async signal(name: string): Promise<boolean> {
    const number = signalNumber(name);
    if (this.#result || !(await this.#view.mindsSignal(number))) return false;
    sendSignal(this.#pid, number);
    return true;
  }

  async stop(options: { timeoutMs: number; signal?: AbortSignal }): Promise<ExecResult> {
    const stopSignal = signalNumber(this.#parts.config.StopSignal);
    const isMinded = !this.#result && (await this.#view.mindsSignal(stopSignal));
    if (!this.#result) sendSignal(this.#pid, isMinded ? stopSignal : 'SIGKILL');
    const timer = new AbortController();
    const signal = AbortSignal.any([timer.signal, ...(options.signal ? [options.signal] : [])]);
    await Promise.race([this.ended, delay(options.timeoutMs, undefined, { signal })]).catch(() => {});
    timer.abort();
    if (!this.#result) sendSignal(this.#pid, 'SIGKILL');
    const result = await this.ended;
    if (this.#failure) throw this.#failure;
    return result;
  }

  logNames(): Promise<string[]> {
    return this.#logs.names();
  }

  logSize(name: string): Promise<number> {
    return this.#logs.size(name);
  }

  openLog(name: string): Readable {
    return this.#logs.open(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#view.close();
    if (!this.#result) {
      sendSignal(this.#pid, 'SIGKILL');
      await withDeadline(this.ended, KILL_DEADLINE_MS);
    }
    if (!this.#result) await this.#parts.runtime.delete(this.id);
    await this.#parts.release();
    await rm(this.#parts.directory, { recursive: true, force: true });
  }

  #settle(status: number): ExecResult {
    this.#result = resultOf(status, this.#parts.process);
    return this.#result;
  }
}

function resultOf(exitStatus: number, process: ContainerProcess): ExecResult {
  const { output } = process;
  return { exitStatus, stdout: output.of(0), stderr: output.of(1), truncated: output.truncated };
}

/** A status has at most four; the container's processes could write anything there. */
const STATUS_MAX_BYTES = 16;

async function firstBytes(stream: Readable, most: number): Promise<Buffer> {
  for await (const chunk of stream) return (chunk as Buffer).subarray(0, most);
  return Buffer.alloc(0);
}

function sendSignal(pid: number, signal: number | NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

async function withDeadline(work: Promise<unknown>, deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  while (!isDone && Date.now() < deadline) await delay(GONE_POLL_MS);
}
