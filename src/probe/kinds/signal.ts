import { constants } from 'node:os';
import { z } from 'zod';
import type { Container, ExecResult } from '../../engine/types.ts';
import { TraceSlimError } from '../../errors.ts';
import { poll } from '../poll.ts';
import type { Fact, Probe } from '../types.ts';
import { durationMs } from './fields.ts';
import type { ProbeKind } from './kind.ts';
import { talkOutcome } from './talk.ts';

const DEFAULT_WITHIN_MS = 10_000;
const KILLED = 137;

const send = z
  .string()
  .transform(nameOf)
  .refine((name) => name === STOP || `SIG${name}` in constants.signals, {
    error: 'give "stop" or the name of a signal',
  })
  .meta({ description: "stop: the image's STOPSIGNAL; or the name of another signal, such as QUIT." });

const STOP = 'STOP';

const schema = z
  .union([
    send.transform((name) => ({ send: name, within: DEFAULT_WITHIN_MS })),
    z.strictObject({
      send: send.default(STOP),
      within: durationMs.optional().transform((given) => given ?? DEFAULT_WITHIN_MS),
    }),
  ])
  .meta({ description: 'Stops the application with a signal. Done after all other probes.' });

type SignalSpec = z.infer<typeof schema>;

/** A graceful stop; ok when the application ended in time, unless `expect` names the exit status. */
export const signalKind: ProbeKind<SignalSpec> = {
  name: 'signal',
  schema,
  expects: ['exit'],
  decides: 'exit',
  make: ({ send }, { config }) => ({
    title: send.toLowerCase(),
    listeners: [],
    async run(container, { id, spec, signal }) {
      const startedAt = performance.now();
      const isStop = send === STOP || send === nameOf(config.StopSignal ?? 'TERM');
      const result = await (isStop ? stop : kill)(container, spec, signal);
      signal.throwIfAborted();
      const failure = result ? undefined : `did not end within ${spec.within / 1000} s`;
      const status = String(result?.exitStatus);
      const facts: Fact[] = result ? [{ name: 'exit status', value: status, compare: 'exact' }] : [];
      return [talkOutcome(id, { facts, summary: `exit ${status}`, failure }, startedAt)];
    },
  }),
};

/** A signal's name without `SIG`. */
function nameOf(signal: string): string {
  return signal.replace(/^SIG/i, '').toUpperCase();
}

/**
 * Puts the probe that stops the application behind all others. Errors: CONFIG_INVALID when there are several.
 */
export function stopLast(probes: readonly Probe[]): Probe[] {
  const stopping = probes.filter(({ kind }) => kind === 'signal');
  if (stopping.length > 1) {
    throw new TraceSlimError(
      'CONFIG_INVALID',
      `an application can be stopped once only, not by ${stopping.length} probes`,
      {
        hint: 'Leave one signal probe; scenarios have one each.',
      },
    );
  }
  return [...probes.filter(({ kind }) => kind !== 'signal'), ...stopping];
}

/** Undefined when it had to be killed. */
async function stop(
  container: Container,
  { within }: SignalSpec,
  signal: AbortSignal,
): Promise<ExecResult | undefined> {
  const result = await container.stop({ timeoutMs: within, signal });
  return result.exitStatus === KILLED ? undefined : result;
}

async function kill(
  container: Container,
  { send, within }: SignalSpec,
  signal: AbortSignal,
): Promise<ExecResult | undefined> {
  const line = `kill -s ${send} 1`;
  await container.exec({ command: ({ launcher, sh }) => [...launcher, sh, '-c', line], asTracer: true }, { signal });
  return poll(async () => container.result(), { timeoutMs: within, signal });
}
