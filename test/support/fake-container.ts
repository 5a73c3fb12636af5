import { Readable } from 'node:stream';
import type { Container, Endpoint, ExecResult, Listener, ToolkitPaths } from '../../src/engine/types.ts';
import { imagePathFromText } from '../../src/rootfs/path.ts';

const FAKE_TOOLKIT: ToolkitPaths = {
  launcher: ['/.toolkit/ld.so', '--library-path', '/.toolkit/lib'],
  unprivileged: [],
  shim: imagePathFromText('/.toolkit/shim'),
  bin: '/.toolkit/bin',
  strace: '/.toolkit/strace',
  sh: '/.toolkit/sh',
  sleep: '/.toolkit/sleep',
  logs: '/.toolkit/logs',
  prefix: imagePathFromText('/.toolkit'),
};

/** One program started in a fake container. */
export interface FakeExec {
  readonly command: readonly string[];
  readonly stdin: string;
  readonly signal: AbortSignal;
  readonly user?: string;
  readonly workingDirectory?: string;
}

export interface FakeContainerOptions {
  exec?(call: FakeExec): Promise<Partial<ExecResult> | string> | Partial<ExecResult> | string;
  isListening?(listener: Listener): boolean;
  readonly endpoints?: Readonly<Record<Listener, Endpoint>>;
  result?(): ExecResult | undefined;
  /** Whether the first process minds a signal. */
  onSignal?(name: string): boolean;
  readonly output?: string;
}

/** A container that runs nothing: what its programs do and what its ports are is given. */
export function fakeContainer(options: FakeContainerOptions = {}): Container & { readonly execs: FakeExec[] } {
  const execs: FakeExec[] = [];
  const never = new Promise<ExecResult>(() => {});
  return {
    id: 'fake',
    toolkit: FAKE_TOOLKIT,
    ended: never,
    execs,
    result: () => options.result?.(),
    output: (maxBytes) => (options.output ?? '').slice(-maxBytes),
    async exec(spec, { signal }) {
      const { command, stdin = '', user, workingDirectory } = spec;
      const whose = {
        ...(user !== undefined && { user }),
        ...(workingDirectory !== undefined && { workingDirectory }),
      };
      const call = { command: command(FAKE_TOOLKIT), stdin: String(stdin), signal, ...whose };
      execs.push(call);
      const given = (await options.exec?.(call)) ?? {};
      return execResult(typeof given === 'string' ? { stdout: Buffer.from(given) } : given);
    },
    isListening: async (listener) => options.isListening?.(listener) ?? options.endpoints?.[listener] !== undefined,
    endpoint: async (listener) => options.endpoints?.[listener] ?? { host: '127.0.0.1', port: Number(listener) },
    isTraced: async () => true,
    signal: async (name) => options.onSignal?.(name) ?? true,
    stop: async () => options.result?.() ?? execResult({}),
    logNames: async () => [],
    logSize: async () => 0,
    openLog: () => Readable.from([]),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** An exec result with nothing printed and exit status 0, except for what is given. */
export function execResult(given: Partial<ExecResult>): ExecResult {
  return { exitStatus: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), truncated: false, ...given };
}
