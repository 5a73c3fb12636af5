import { constants } from 'node:os';
import { z } from 'zod';
import type { Container, ExecResult, Listener } from '../../engine/types.ts';
import { TraceSlimError } from '../../errors.ts';
import { poll } from '../poll.ts';
import type { Probe } from '../types.ts';
import { durationMs } from './fields.ts';
import type { ProbeKind } from './kind.ts';
import { type Talk, talkOutcome } from './talk.ts';

const DEFAULT_WITHIN_MS = 10_000;
/** An application that a signal ends has ended by then, and one that reloads is at it. */
const SETTLE_MS = 1000;
const KILLED = 137;

const send = z
  .string()
  .transform(nameOf)
  .refine((name) => name === STOP || (name !== 'KILL' && `SIG${name}` in constants.signals), {
    error: 'give "stop" or the name of a signal that can be handled',
  })
  .meta({ description: "stop: the image's STOPSIGNAL; or the name of another signal, such as QUIT." });

const STOP = 'STOP';

const schema = z
  .union([
    send.transform((name) => ({ send: name, within: DEFAULT_WITHIN_MS, stops: true })),
    z
      .strictObject({
        send: send.default(STOP),
        within: durationMs.optional().transform((given) => given ?? DEFAULT_WITHIN_MS),
        stops: z.boolean().default(true).meta({
          description: 'false: the application runs on after it, and is probed by what follows; for HUP to reload.',
        }),
      })
      .refine((given) => given.stops || given.send !== STOP, { error: 'name the signal to send', path: ['send'] }),
  ])
  .meta({ description: 'Sends the application a signal. One that stops it is sent after all other probes.' });

type SignalSpec = z.infer<typeof schema>;

/**
 * A graceful stop; ok when the application ended in time, unless `expect` names the exit status. Or a signal that does not
 * stop it; ok when the application runs on, and listens where it did.
 */
export const signalKind: ProbeKind<SignalSpec> = {
  name: 'signal',
  schema,
  expects: ['exit'],
  decides: 'exit',
  make: ({ send, stops }, { config, listeners }) => ({
    title: send.toLowerCase(),
    listeners: [],
    ...(stops && { stops }),
    async run(container, { id, spec, signal }) {
      const startedAt = performance.now();
      const isStop = send === STOP || send === nameOf(config.StopSignal ?? 'TERM');
      const talk = stops
        ? end(spec, await (isStop ? stop : kill)(container, spec, signal))
        : await runOn(container, spec, { listeners, signal });
      signal.throwIfAborted();
      return [talkOutcome(id, talk, startedAt)];
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
  const stopping = probes.filter(({ stops }) => stops);
  if (stopping.length > 1) {
    throw new TraceSlimError(
      'CONFIG_INVALID',
      `an application can be stopped once only, not by ${stopping.length} probes`,
      {
        hint: 'Leave one signal probe; scenarios have one each. One that the application runs on after says stops: false.',
      },
    );
  }
  return [...probes.filter(({ stops }) => !stops), ...stopping];
}

function end({ within }: SignalSpec, result: ExecResult | 'unheard' | undefined): Talk {
  if (result === 'unheard') return { facts: [], summary: '', failure: UNHEARD };
  if (!result) return { facts: [], summary: '', failure: `did not end within ${within / 1000} s` };
  const status = String(result.exitStatus);
  return { facts: [{ name: 'exit status', value: status, compare: 'exact' }], summary: `exit ${status}` };
}

/** The kernel keeps it from process 1 then. */
const UNHEARD = "the container's first process does not handle it";

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
): Promise<ExecResult | 'unheard' | undefined> {
  if (!(await container.signal(send))) return 'unheard';
  return poll(async () => container.result(), { timeoutMs: within, signal });
}

async function runOn(
  container: Container,
  { send, within }: SignalSpec,
  { listeners, signal }: { listeners: readonly Listener[]; signal: AbortSignal },
): Promise<Talk> {
  const failed = (failure: string): Talk => ({ facts: [], summary: '', failure });
  const before = await listening(container, listeners);
  if (!(await container.signal(send))) return failed(UNHEARD);
  const result = await poll(async () => container.result(), { timeoutMs: SETTLE_MS, signal });
  if (result) return failed(`ended with exit status ${result.exitStatus}`);
  const isBack = async () => (await listening(container, before)).length === before.length || undefined;
  if (!(await poll(isBack, { timeoutMs: within, signal })))
    return failed(`did not listen again within ${within / 1000} s`);
  return { facts: [{ name: 'state', value: 'runs on', compare: 'exact' }], summary: 'runs on' };
}

async function listening(container: Container, listeners: readonly Listener[]): Promise<Listener[]> {
  const found = await Promise.all(listeners.map((listener) => container.isListening(listener)));
  return listeners.filter((_, index) => found[index]);
}
