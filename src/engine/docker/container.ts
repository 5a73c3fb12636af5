import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container as ApiContainer } from 'dockerode';
import type { TraceSlimError } from '../../errors.ts';
import type { Identity } from '../../rootfs/identity.ts';
import type { ContainerView } from '../container-view.ts';
import { hostView, isOnThisHost } from '../host/host-view.ts';
import { hostLogs, type LogFolder } from '../host/log-folder.ts';
import { OUTPUT_MAX_BYTES, OutputCollector } from '../host/output-collector.ts';
import { signalNumber } from '../host/signals.ts';
import type { Container, ContainerSpec, Endpoint, ExecResult, ExecSpec, Listener, ToolkitPaths } from '../types.ts';
import { asked, daemonError, nothingWhenRefused } from './api/errors.ts';
import { readInto, runExec } from './exec.ts';
import { awaitExit, wasOutOfMemory } from './exit-status.ts';

import { insideView } from './inside-view.ts';
import type { Removals } from './remove.ts';
import { volumeLogs } from './volume-logs.ts';

export interface DaemonContainerParts {
  readonly container: ApiContainer;
  /** The toolkit for programs of a user. */
  readonly toolkitOf: (identity: Identity) => ToolkitPaths;
  /** The container's own user. */
  readonly identity: Identity;
  /** Looks up another one. Errors: USER_NOT_FOUND. */
  readonly identify: (user: string) => Promise<Identity>;
  readonly spec: ContainerSpec;
  /** Folder of this host for files of this container. */
  readonly directory: string;
  /** Its log folder when that is one of this host. */
  readonly logsDirectory: string | undefined;
  readonly removals: Removals;
  /** Podman gives no terminal streams in frames, as Docker does not. */
  readonly isTty: boolean;
}

const DRAIN_MS = 500;
const KILL_DEADLINE_MS = 10_000;

/** A container of a daemon. */
export class DaemonContainer implements Container {
  readonly id: string;
  readonly toolkit: ToolkitPaths;
  readonly ended: Promise<ExecResult>;
  readonly #parts: DaemonContainerParts;
  readonly #container: ApiContainer;
  readonly #output: OutputCollector;
  readonly #view: ContainerView;
  readonly #logs: LogFolder;
  #result: ExecResult | undefined;
  #failure: TraceSlimError | undefined;
  #isStopped = false;
  #execs = 0;

  private constructor(parts: DaemonContainerParts, started: Started) {
    this.id = parts.container.id;
    this.toolkit = parts.toolkitOf(parts.identity);
    this.#parts = parts;
    this.#container = parts.container;
    this.#output = started.output;
    this.#view = started.view;
    this.#logs = parts.logsDirectory
      ? hostLogs(parts.logsDirectory)
      : volumeLogs({ ...parts, toolkit: this.toolkit, isRunning: () => this.#result === undefined });
    this.ended = this.#untilEnded(started);
  }

  /** Starts a created container, its output attached before anything can be printed. Errors: ENGINE_FAILED and the like. */
  static async start(parts: DaemonContainerParts, { signal }: { signal: AbortSignal }): Promise<DaemonContainer> {
    const { container, isTty } = parts;
    const output = new OutputCollector(OUTPUT_MAX_BYTES);
    const attached = { stream: true, stdout: true, stderr: true, hijack: true };
    const [stream, exit] = await Promise.all([
      asked(container.attach(attached), 'attaching to the container', { signal }),
      asked(awaitExit(container), 'attaching to the container', { signal }),
    ]);
    stream.on('error', () => {});
    const read = isTty ? output.collect(0, stream as unknown as Readable) : readInto(output, streamOf(stream));
    try {
      await asked(container.start(), 'starting the container', { signal });
      return new DaemonContainer(parts, { output, read, exited: exit.status, view: await viewOf(parts) });
    } catch (error) {
      (stream as unknown as Readable).destroy();
      throw error;
    }
  }

  result(): ExecResult | undefined {
    if (this.#failure) throw this.#failure;
    return this.#result;
  }

  output(maxBytes: number): string {
    return this.#output.tail(maxBytes);
  }

  async exec(spec: ExecSpec, options: { signal: AbortSignal }): Promise<ExecResult> {
    const { config, env = [] } = this.#parts.spec;
    const mark = `${this.toolkit.logs}/.exec-${++this.#execs}`;
    const { toolkit, homes, ...whose } = await this.#whose(spec);
    try {
      return await runExec(
        this.#container,
        {
          ...whose,
          command: this.#leavingPid(mark, spec.command(toolkit)),
          env: [...homes, ...(config.Env ?? []), ...env, ...(spec.env ?? [])],
          stdin: spec.stdin,
        },
        options,
      );
    } catch (error) {
      if (options.signal.aborted) await this.#killLeader(mark).catch(() => {});
      throw error;
    }
  }

  /** As whom and where something is executed. Podman would leave another user the home of the container's. */
  async #whose(spec: ExecSpec) {
    const { spec: container, identity, identify, toolkitOf } = this.#parts;
    if (spec.asTracer) return { user: '0', workingDirectory: '/', toolkit: this.toolkit, homes: [] };
    const { user, workingDirectory = container.config.WorkingDir || '/' } = spec;
    if (user === undefined) return { workingDirectory, toolkit: toolkitOf(identity), homes: [] };
    const other = await identify(user);
    return { user, workingDirectory, toolkit: toolkitOf(other), homes: [`HOME=${other.home}`] };
  }

  /** The command below a shell of the toolkit that writes down its pid, since a daemon cannot signal a command. */
  #leavingPid(mark: string, command: readonly string[]): string[] {
    const { launcher, sh } = this.toolkit;
    return [...launcher, sh, '-c', `echo $$ > ${mark}; exec "$@"`, 'sh', ...command];
  }

  /** Ends a command and what it has started in the foreground. */
  async #killLeader(mark: string): Promise<void> {
    const { launcher, sh } = this.toolkit;
    const kill = `read -r pid < ${mark} && kill -9 -- "-$pid" || kill -9 "$pid"`;
    const signal = AbortSignal.timeout(KILL_DEADLINE_MS);
    await runExec(this.#container, { command: [...launcher, sh, '-c', kill], user: '0' }, { signal });
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
    const sending = this.#container.kill({ signal: `SIG${name}` });
    // One that has ended meanwhile is no failure.
    await asked(sending, 'sending a signal to the container').catch(nothingWhenRefused);
    return true;
  }

  async stop(options: { timeoutMs: number; signal?: AbortSignal }): Promise<ExecResult> {
    this.#isStopped = true;
    if (!this.#result) {
      const { timeoutMs, signal } = options;
      const stopSignal = signalNumber(this.#parts.spec.config.StopSignal);
      const isInVain = timeoutMs === 0 || !(await this.#view.mindsSignal(stopSignal));
      const stopping = isInVain
        ? this.#container.kill()
        : this.#container.stop({ t: Math.ceil(timeoutMs / 1000), ...(signal ? { abortSignal: signal } : {}) });
      // Whoever is impatient kills; that it has ended already is what is wanted.
      await Promise.race([stopping.catch(() => {}), this.ended, untilAborted(signal)]);
      if (!this.#result && signal?.aborted) await this.#container.kill().catch(() => {});
    }
    const result = await asked(this.ended, 'waiting for the container to end', {
      timeoutMs: options.timeoutMs + KILL_DEADLINE_MS,
    });
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
    this.#parts.removals.start(this.#container);
    // One that still runs would be in the way of the next: of its ports, or its mounted files.
    if (!this.#result) await this.#parts.removals.finished();
  }

  async #untilEnded({ exited, read, output }: Started): Promise<ExecResult> {
    let exitStatus = 1;
    let outOfMemory = false;
    try {
      exitStatus = await exited;
      const isUnexpected = exitStatus !== 0 && !this.#isStopped;
      if (isUnexpected) outOfMemory = await wasOutOfMemory(this.#container, exitStatus);
    } catch (error) {
      this.#failure = daemonError(error, 'waiting for the container to end');
    }
    await Promise.race([read, delay(DRAIN_MS)]);
    const [stdout, stderr] = [output.of(0), output.of(1)];
    this.#result = { exitStatus, stdout, stderr, truncated: output.truncated, ...(outOfMemory ? { outOfMemory } : {}) };
    return this.#result;
  }
}

interface Started {
  readonly output: OutputCollector;
  /** Resolves when the output has ended. */
  readonly read: Promise<void>;
  readonly exited: Promise<number>;
  readonly view: ContainerView;
}

async function viewOf(parts: DaemonContainerParts): Promise<ContainerView> {
  const { container, logsDirectory } = parts;
  const toolkit = parts.toolkitOf(parts.identity);
  const directory = join(parts.directory, 'ports');
  const { State } = await asked(container.inspect(), 'looking at the container');
  if (logsDirectory && State.Pid > 0 && (await isOnThisHost(State.Pid, toolkit.logs, logsDirectory))) {
    return hostView(State.Pid, { directory });
  }
  return insideView(container, toolkit, directory);
}

function streamOf(stream: NodeJS.ReadWriteStream): AsyncIterable<Buffer> {
  return stream as unknown as AsyncIterable<Buffer>;
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
