import { z } from 'zod';
import type { Container, ExecResult, Listener } from '../../engine/types.ts';
import { runOnHost } from '../host/command.ts';
import { type Forwarding, forward } from '../host/forward.ts';
import { listenerName } from '../listener.ts';
import { exitOutcome } from '../outcome.ts';
import type { Outcome } from '../types.ts';
import { listener, listenerGiven, oneListener } from './fields.ts';
import type { KindRun, ProbeKind } from './kind.ts';

/** Test suites take their time. */
const HOST_TIMEOUT_MS = 3_600_000;

const command = z
  .union([z.string().min(1), z.array(z.string()).min(1)])
  .meta({ description: 'A line for /bin/sh, or a program and its arguments.' });

const full = z.strictObject({
  command,
  ...listener,
  protocol: z
    .string()
    .regex(/^[a-z][a-z0-9+.-]*$/)
    .default('http')
    .meta({ description: 'Begins TRACE_SLIM_URL.' }),
  stdin: z.string().default(''),
  env: z.record(z.string(), z.coerce.string()).default({}).meta({ description: 'More environment.' }),
});

export interface HostExecSpec extends z.infer<typeof full> {
  /** The folder of this host in which it runs. Absent: the current one. */
  readonly folder?: string;
}

const schema: z.ZodType<HostExecSpec> = z
  .union([command.transform((given) => full.parse({ command: given })), full.superRefine(oneListener)])
  .meta({ description: 'Runs a command on this host, in the folder of the probe file.' });

/**
 * A command on this host, such as a test suite. It finds the container at TRACE_SLIM_HOST, TRACE_SLIM_PORT and
 * TRACE_SLIM_URL; TRACE_SLIM_CONTAINER is its id. A value captured as `token` is in TRACE_SLIM_token, never in the command.
 * Ok when it exits 0, unless `expect` says otherwise.
 */
export const hostExecKind: ProbeKind<HostExecSpec> = {
  name: 'host-exec',
  schema,
  expects: ['exit', 'stdout', 'stderr'],
  decides: 'exit',
  isLiteral: true,
  load: async (spec, folder) => ({ ...spec, folder }),
  make(spec, { listenerOf, listeners }) {
    const { command } = spec;
    const at = listenerGiven(spec) === undefined && listeners.length === 0 ? undefined : listenerOf(spec);
    return {
      title: typeof command === 'string' ? command : command.join(' '),
      listeners: at === undefined ? [] : [at],
      timeoutMs: HOST_TIMEOUT_MS,
      run: async (container, run) => [await runFor(container, at, run)],
    };
  },
};

async function runFor(
  container: Container,
  at: Listener | undefined,
  { id, spec, session, signal }: KindRun<HostExecSpec>,
): Promise<Outcome> {
  const startedAt = performance.now();
  await using forwarding = at === undefined ? undefined : await forward(container, at);
  const { command, stdin, folder = process.cwd() } = spec;
  const place = forwarding ? addressOf(forwarding, spec.protocol) : {};
  const captured = Object.fromEntries(
    [...session.values].map(([name, value]) => [`TRACE_SLIM_${name.replace(/-/g, '_')}`, value]),
  );
  const env = { ...process.env, ...captured, TRACE_SLIM_CONTAINER: container.id, ...place, ...spec.env };
  const result = await runOnHost({ command, folder, env, stdin }, signal);
  const shown = forwarding && at !== undefined ? withListener(result, forwarding, at) : result;
  return exitOutcome(id, shown, startedAt, result.exitStatus === 0);
}

function addressOf({ host, port }: Forwarding, protocol: string): NodeJS.ProcessEnv {
  return { TRACE_SLIM_HOST: host, TRACE_SLIM_PORT: String(port), TRACE_SLIM_URL: `${protocol}://${host}:${port}` };
}

/** The forwarded port is another one in every run; what it leads to says more. */
function withListener(result: ExecResult, forwarding: Forwarding, at: Listener): ExecResult {
  const address = new RegExp(`:${forwarding.port}\\b`, 'g');
  const shown = (output: Buffer) =>
    Buffer.from(
      output.toString('latin1').replace(address, () => listenerName(at)),
      'latin1',
    );
  return { ...result, stdout: shown(result.stdout), stderr: shown(result.stderr) };
}
